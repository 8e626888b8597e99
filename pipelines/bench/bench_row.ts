/**
 * A row of `deno task bench`: a measurement relative to the roofline, with its device and time. The CSV has the same columns, and so has
 * the output of `tests/bench/torch_compare.py`, so that devices and programs can be joined by part, work, model and shape.
 */
import { Result } from "effect";
import type { KernelRow } from "../../kernels/bench/bench.ts";
import type { DeviceRow } from "../../kernels/bench/bench_device.ts";
import type { ProductRow } from "../../kernels/bench/bench_products.ts";
import type { Speed, Workload } from "./speed.ts";
import { csvTables } from "../reports/tables/csv_table.ts";
import { flatTable } from "../reports/tables/flat_table.ts";
import { rates, type Roofs, roofsOf, type Timed } from "./roofline.ts";

/** The place and time of a run; `load` is the number of other running processes per processor just before. */
export interface MeasurementPlace {
  readonly device: string;
  readonly driver: string;
  readonly adapter: string;
  readonly date: string;
  readonly commit: string;
  readonly load: number;
}

/** The measurements of a run by part. */
export interface Measurements {
  readonly device: ReadonlyArray<DeviceRow>;
  readonly products: ReadonlyArray<ProductRow>;
  readonly kernels: ReadonlyArray<KernelRow>;
  readonly works: ReadonlyArray<
    Speed & { readonly model: string; readonly form: string; readonly workload: Workload }
  >;
}

/** The parts of a run, in measuring order. */
export const benchParts = ["device", "kernels", "model"] as const;

/** A row without its rates; `form` names the variant. */
export interface Entry extends Timed {
  readonly part: typeof benchParts[number] | "product";
  readonly work: string;
  readonly form: string;
  readonly model: string;
  readonly shape: string;
  readonly tokensPerSecond: number | null;
}

/** A row as it is printed and written. */
export type BenchRow = Omit<Entry, "name" | "flops" | "bytes"> & ReturnType<typeof rates> & {
  readonly roofGflops: number;
  readonly roofGbPerSecond: number;
} & MeasurementPlace;

const plain = { form: "", model: "", tokensPerSecond: null, dispatches: 1 };

/** The shape of a workload as text. */
const workShape = (sequences: number, { promptTokens, responseTokens }: Workload): string =>
  `sequences=${sequences} prompt=${promptTokens} response=${responseTokens}`;

/** Every measured row. */
export const entriesOf = ({ device, products, kernels, works }: Measurements): ReadonlyArray<Entry> => [
  ...device.map((row): Entry => ({ ...plain, ...row, part: "device", name: row.work })),
  ...products.map((row): Entry => ({
    ...plain,
    ...row,
    part: "product",
    work: "product nt",
    name: `${row.form} product, ${row.shape}`,
  })),
  ...kernels.map(({ kernel, block, shape, microseconds, flops = 0, bytes }): Entry => ({
    ...plain,
    part: "kernels",
    work: kernel,
    model: block,
    shape,
    name: `${kernel}, ${shape}`,
    seconds: microseconds / 1e6,
    flops,
    bytes,
  })),
  ...works.map((row): Entry => ({
    ...plain,
    ...row,
    part: "model",
    form: row.form,
    shape: workShape(row.sequences, row.workload),
    name: row.work,
  })),
];

/** The roofs of a run: the fastest product of all parts, and the best bandwidth of the device part. */
export const roofsOfRun = (entries: ReadonlyArray<Entry>): Roofs => {
  const timed = (work: string) => entries.filter((row) => row.part === "device" && row.work === work);
  const products = entries.filter(({ part, work }) =>
    part === "product" || (part === "kernels" && work.startsWith("matmul"))
  );
  const [dispatch] = timed("dependent dispatch");
  return roofsOf(products, [...timed("copy"), ...timed("add")], dispatch.seconds);
};

/** The rows of a run, with their rates. */
export const rowsOf = (entries: ReadonlyArray<Entry>, roofs: Roofs, place: MeasurementPlace): ReadonlyArray<BenchRow> =>
  entries.map((entry) => {
    const { part, work, form, model, shape, dispatches, seconds, tokensPerSecond } = entry;
    return {
      part,
      work,
      form,
      model,
      shape,
      dispatches,
      seconds,
      ...rates(entry, roofs),
      tokensPerSecond,
      roofGflops: roofs.flops / 1e9,
      roofGbPerSecond: roofs.bytes / 1e9,
      ...place,
    };
  });

/** Rows as CSV, numbers unrounded. */
export const csvOf = (rows: ReadonlyArray<BenchRow>): Result.Result<string, string> =>
  Result.map(flatTable.build(rows.map((row) => ({ ...row }))), csvTables);
