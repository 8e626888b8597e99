/** A thousand broken copies for each reader; `deno task test:long` takes more. */
import { brokenFiles } from "./broken_files.ts";

brokenFiles(1000);
