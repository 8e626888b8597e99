/** As `tests/broken_files_test.ts`, with twenty times as many copies. */
import { brokenFiles } from "../broken_files.ts";

brokenFiles(20_000);
