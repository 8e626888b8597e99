import { testLoad } from "../pipelines/serving/load.ts";

testLoad(120);
