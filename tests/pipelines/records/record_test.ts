import assert from "node:assert/strict";
import * as Result from "effect/Result";
import { decodeRecord, encode, encodeFloat32 } from "../../../pipelines/records/record.ts";
import * as Records from "../../../pipelines/records/schema.ts";
import { bits, Key } from "../../../data/random.ts";

const place = { source: "<stdin>", line: 3 };

const rollout = {
  task: "countdown",
  split: "train",
  problemId: "p1",
  question: "3 5",
  goldAnswer: "8",
  promptText: "3 5 >",
  promptTokens: [3, 5, 70],
  sampleIndex: 0,
  seed: 1,
  temperature: 0.6,
  responseText: "3 + 5",
  responseTokens: [3, 64],
  logProbs: [-0.1, -2.5],
  entropy: [0.7, 1e-9],
  finish: "stop",
};

const rolloutNeeds: ReadonlyArray<keyof Records.Rollout & string> = Records.Rollout.fields.map((field) => field.name);

const read = <A>(noun: Records.RecordSchema<A>, needs: ReadonlyArray<keyof A & string>, text: string): A =>
  Result.getOrThrow(decodeRecord(noun, needs, text, place));

const fault = (record: unknown, needs: ReadonlyArray<keyof Records.Rollout & string> = rolloutNeeds): string => {
  const text = typeof record === "string" ? record : JSON.stringify(record);
  return Result.match(decodeRecord(Records.Rollout, needs, text, place), {
    onSuccess: () => "no fault",
    onFailure: (error) => error.message,
  });
};

Deno.test("decode() makes typed arrays of lists and encode() writes the same line back", () => {
  const text = JSON.stringify(rollout);
  const record = read(Records.Rollout, rolloutNeeds, text);
  assert.ok(record.responseTokens instanceof Int32Array && record.logProbs instanceof Float32Array);
  assert.equal(encode(record), text);
});

Deno.test("a list that no stage needs is decoded too, so its bits survive", () => {
  const record = read(Records.Rollout, [], '{"problemId":"p","logProbs":[-0,1e-45,0.1]}');
  assert.equal(encode(record), '{"problemId":"p","logProbs":[-0,1e-45,0.1]}');
});

Deno.test("the fields of a noun are written in its order, then all others in theirs", () => {
  const record = read(Records.Verdict, ["correct"], '{"note":{"a":[1,null]},"correct":true,"problemId":"p","z":"é"}');
  assert.equal(
    encode({ ...record, reward: 1 }),
    '{"problemId":"p","correct":true,"reward":1,"note":{"a":[1,null]},"z":"é"}',
  );
});

Deno.test("an aggregate is written in the order it was made", () => {
  assert.equal(encode({ rollouts: 2, correct: 1, correctRatio: 0.5 }), '{"rollouts":2,"correct":1,"correctRatio":0.5}');
});

Deno.test("a null answer is an answer, a null anything else is not", () => {
  const needs = ["answer", "reason"] as const;
  assert.equal(read(Records.Verdict, needs, '{"answer":null,"reason":"no box"}').answer, null);
  assert.match(
    Result.match(decodeRecord(Records.Verdict, needs, '{"answer":null,"reason":null}', place), {
      onSuccess: () => "",
      onFailure: (error) => error.message,
    }),
    /field "reason" must be a string, found null/,
  );
});

Deno.test("a fault names source, line, field and value", () => {
  assert.equal(
    fault({ ...rollout, sampleIndex: "zero" }),
    'Cannot read Rollout from "<stdin>", line 3: field "sampleIndex" must be a whole number, not negative, found "zero"',
  );
});

Deno.test("a line that is not a JSON object is a fault", () => {
  for (const text of ["", "{", "[1]", "null", "3", '"x"', "{'a':1}", '{"a":NaN}']) {
    assert.match(fault(text), /<stdin>.*line 3: the line must be a JSON object/, text);
  }
});

Deno.test("a missing field is named", () => {
  const { responseText: _, ...without } = rollout;
  assert.match(fault(without), /field "responseText" must be a string, found nothing/);
});

Deno.test("each kind of field refuses what is not of its kind, and names the element", () => {
  const cases: ReadonlyArray<readonly [object, RegExp]> = [
    [{ responseTokens: [3, -1] }, /"responseTokens\[1\]" must be a token id .* found -1$/],
    [{ responseTokens: [3.5, 1] }, /"responseTokens\[0\]".* found 3.5$/],
    [{ responseTokens: [2 ** 31, 1] }, /"responseTokens\[0\]".* found 2147483648$/],
    [{ responseTokens: ["3", 1] }, /"responseTokens\[0\]".* found "3"$/],
    [{ responseTokens: "3 1" }, /"responseTokens" must be a list of token ids, found "3 1"$/],
    [{ responseTokens: { 0: 3 } }, /"responseTokens" must be a list of token ids, found \{"0":3\}$/],
    [{ logProbs: [0, null] }, /"logProbs\[1\]" must be a finite float32, found null$/],
    [{ logProbs: [0, 1e39] }, /"logProbs\[1\]" must be a finite float32, found 1e\+39$/],
    [{ logProbs: [0] }, /"logProbs" must be as long as "responseTokens" \(2\), found 1$/],
    [{ entropy: [0, 1, 2] }, /"entropy" must be as long as "responseTokens" \(2\), found 3$/],
    [{ sampleIndex: -1 }, /"sampleIndex".* found -1$/],
    [{ seed: 1.5 }, /"seed" must be a whole number, found 1.5$/],
    [{ temperature: "1" }, /"temperature" must be a finite number, found "1"$/],
    [{ finish: "eos" }, /"finish" must be "stop" or "length", found "eos"$/],
    [{ question: ["x"] }, /"question" must be a string, found \["x"\]$/],
  ];
  for (const [change, message] of cases) assert.match(fault({ ...rollout, ...change }), message);
  assert.match(fault(JSON.stringify(rollout).replace("0.6", "1e999")), /"temperature" must be a finite number/);
});

Deno.test("a list that is there is checked even where no stage needs it, a scalar is not", () => {
  assert.match(fault({ ...rollout, responseTokens: [-3, 1] }, ["task"]), /"responseTokens\[0\]"/);
  assert.match(fault({ ...rollout, logProbs: [0] }, ["task"]), /as long as/);
  assert.equal(fault({ ...rollout, seed: "none", logProbs: null }, ["task"]), "no fault");
});

Deno.test("an optional field that is null reads as one that is not there", () => {
  const text = '{"problemId":"p","oldLogProbs":[0],"referenceLogProbs":null}';
  assert.equal(read(Records.Credited, ["oldLogProbs"], text).referenceLogProbs, undefined);
  assert.equal(encode(read(Records.Credited, ["oldLogProbs"], text)), '{"problemId":"p","oldLogProbs":[0]}');
});

Deno.test("structs are checked inside", () => {
  const sign = { loss: 0, gradNorm: 0, clipFraction: 0, approxKl: 0, meanEntropy: 0, tokens: 0 };
  const text = JSON.stringify({ ...sign, artifact: "a", positive: sign, negative: { ...sign, tokens: -1 } });
  assert.equal(read(Records.Gradient, ["positive"], text).positive.tokens, 0);
  assert.match(
    Result.match(decodeRecord(Records.Gradient, ["negative"], text, place), {
      onSuccess: () => "",
      onFailure: (error) => error.message,
    }),
    /field "negative.tokens" must be a whole number, not negative, found -1$/,
  );
});

Deno.test("long values are shortened in a fault", () => {
  for (const question of [["x".repeat(1e6)], Array.from({ length: 1e5 }, () => 1)]) {
    assert.ok(fault({ ...rollout, question }).length < 250);
  }
  assert.ok(fault("x".repeat(1e6)).length < 250);
});

Deno.test("a whole number that no float64 holds keeps its digits where no stage names it", () => {
  const text = '{"problemId":"p","correct":true,"run":12345678901234567890,"deep":[{"id":-9007199254740993}]}';
  assert.equal(encode(read(Records.Verdict, ["correct"], text)), text);
});

Deno.test("a value nested too deep to be written again is a fault, not a crash", () => {
  const deep = "[".repeat(1e5) + "]".repeat(1e5);
  assert.match(fault(`{"x":${deep}}`, []), /field "x" must be nested at most 1000 deep/);
  assert.match(fault(`{"question":${deep}}`, ["question"]), /field "question" must be a string/);
});

Deno.test("a field called __proto__ is a field like any other", () => {
  const text = '{"problemId":"p","__proto__":{"reward":5}}';
  assert.equal(encode({ ...read(Records.Prompt, ["problemId"], text) }), text);
});

Deno.test("encodeFloat32() writes the shortest decimal that reads back to the same bits", () => {
  const known: ReadonlyArray<readonly [number, string]> = [
    [0, "0"],
    [-0, "-0"],
    [1, "1"],
    [-1, "-1"],
    [0.1, "0.1"],
    [1 / 3, "0.33333334"],
    [16777216, "16777216"],
    [3.4028234663852886e38, "3.4028235e+38"],
    [1e-45, "1e-45"],
    [1.17549435e-38, "1.1754944e-38"],
    [-1.5e-7, "-1.5e-7"],
    [123456.789, "123456.79"],
    [NaN, "null"],
    [-Infinity, "null"],
  ];
  for (const [x, text] of known) assert.equal(encodeFloat32(Math.fround(x)), text);
  const word = new Uint32Array(1);
  const float = new Float32Array(word.buffer);
  const key = Key.make(5);
  for (let i = 0; i < 100_000; i++) {
    word[0] = bits(key, i);
    if (!Number.isFinite(float[0])) continue;
    const text = encodeFloat32(float[0]);
    assert.ok(Object.is(Math.fround(JSON.parse(text)), float[0]), text);
    const digits = text.replace(/e.*|[^0-9]/g, "").replace(/^0+|0+$/g, "").length;
    const shorter = Math.max(1, digits - 1);
    assert.ok(digits === 1 || Math.fround(Number(float[0].toPrecision(shorter))) !== float[0], text);
  }
});

Deno.test("every noun lists the fields of the one before it first", () => {
  const travelling: ReadonlyArray<ReadonlyArray<Records.Field>> = [
    Records.Prompt.fields,
    Records.Rollout.fields,
    Records.Verdict.fields,
    Records.Rewarded.fields,
    Records.Signed.fields,
    Records.Scored.fields,
    Records.Credited.fields,
  ];
  for (let i = 1; i < travelling.length; i++) {
    assert.deepEqual(travelling[i].slice(0, travelling[i - 1].length), travelling[i - 1]);
  }
});
