/**
 * Loaded before each file of tests: a test that runs for longer than `SIGNUM_DEADLINE` minutes (default 15) ends its file as failed, so that one that
 * waits in vain does not hold up all others. Before that the event "deadline" lets whoever knows say what it waits for.
 */
const minutes = Number(Deno.env.get("SIGNUM_DEADLINE") ?? 15);
let alarm: ReturnType<typeof setTimeout>;

Deno.test.beforeEach(() => {
  alarm = setTimeout(() => {
    dispatchEvent(new Event("deadline"));
    throw new Error(`A test has run for ${minutes} minutes; SIGNUM_DEADLINE allows others`);
  }, 60_000 * minutes);
});
Deno.test.afterEach(() => clearTimeout(alarm));
