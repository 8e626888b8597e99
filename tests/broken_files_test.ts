/** Two hundred broken copies for each reader; `deno task test:long` takes ten thousand. */
import { brokenFiles } from "./broken_files.ts";

brokenFiles(200);
