/** As `tests/broken_files_test.ts`, with ten times as many copies. */
import { brokenFiles } from "../broken_files.ts";

brokenFiles(10_000);
