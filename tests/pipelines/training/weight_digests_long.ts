/** As `weight_digests_test.ts`: two steps of the algorithms of which the default tests take fewer. */
import { algorithms } from "../../digests/weight_digests.ts";
import { stepsByDefault, testDigests } from "./weight_digests.ts";

for (const algorithm of algorithms) if (stepsByDefault[algorithm] !== 2) testDigests(algorithm, 2);
