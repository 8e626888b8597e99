/** The place of this process: its code, the kind of its device and its kernels. */
import { Effect } from "effect";
import { deviceFields, type Rounding } from "../../kernels/gpu/chosen_kernels.ts";
import type { FileError } from "../files/text_file.ts";
import { codeVersion } from "./code_version.ts";
import { type JobPlace, kernelsOf } from "./job.ts";

/** The place of a process with this device; plain kernels have no name, whether they were asked for or not. */
export const placeOfDevice = (info: Rounding): Effect.Effect<JobPlace, FileError> =>
  Effect.map(codeVersion, (code) => {
    const fields = deviceFields(info);
    return { code, adapter: fields.adapter, kernels: kernelsOf(fields).filter((name) => name !== "plain") };
  });
