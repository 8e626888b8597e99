/** Text of a file as an error quotes it: on one line, without characters that a terminal obeys, and not too long. */

/** The text with control characters and line separators as escapes, at most `most` characters of it. */
export const oneLine = (text: string, most = 400): string => {
  const cut = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return cut.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
};
