/** As `weight_digests_test.ts`: two steps of the algorithms of which the default tests take one. */
import { algorithms } from "../../digests/weight_digests.ts";
import { testDigests, twice } from "./weight_digests.ts";

for (const algorithm of algorithms) if (!twice.includes(algorithm)) testDigests(algorithm, 2);
