import { testLoad } from "./load.ts";

testLoad(5);
