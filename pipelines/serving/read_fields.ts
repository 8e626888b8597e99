/**
 * Reads a body by its fields. What is not read is refused by its path, in the objects of a field too: a value that is left out could have changed the
 * answer.
 */
import { Result } from "effect";
import { isObject, type Json } from "../files/json.ts";
import { oneLine } from "../files/plain_text.ts";
import { decodeSetting, type Group, groupValues, type SettingValues } from "../settings/setting.ts";
import { type ApiError, badField } from "./api_error.ts";

const isUnset = (value: unknown): boolean => value === null || value === undefined;

/** A value as it is read: in the objects of a list, and in an object, a field that is null is not there either. */
const withoutNulls = (value: unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).filter(([, one]) => !isUnset(one)).map(([k, v]) => [k, withoutNulls(v)]))
    : Array.isArray(value) && value.some(isObject)
    ? value.map(withoutNulls)
    : value;

/** The path of a field in `given` that `read` lacks; a list without entries says nothing. */
const unreadPath = (given: unknown, read: unknown, path: string): string | undefined => {
  if (given === read || given === null || typeof given !== "object") return undefined;
  const isList = Array.isArray(given);
  for (const [name, value] of Object.entries(given)) {
    const at = isList ? `${path}[${name}]` : `${path}.${oneLine(name, 80)}`;
    const isRead = typeof read === "object" && read !== null && Object.hasOwn(read, name);
    if (!isRead && !(Array.isArray(value) && value.length === 0)) return at;
    const unread = isRead ? unreadPath(value, Reflect.get(read, name), at) : undefined;
    if (unread !== undefined) return unread;
  }
  return undefined;
};

const notHere = "this server does not have it, and the answer may depend on it";

/** The values of a body's fields; `null` is a field that is not there. */
export const readFields = <S extends Group>(fields: S, body: Json): Result.Result<SettingValues<S>, ApiError> => {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (isUnset(value)) continue;
    if (!Object.hasOwn(fields, name)) return Result.fail(badField(oneLine(name, 80), notHere));
    const given = withoutNulls(value);
    const decoded = decodeSetting(fields[name], given);
    if (Result.isFailure(decoded)) return Result.fail(badField(name, shortened(decoded.failure)));
    const unread = unreadPath(given, decoded.success, name);
    if (unread !== undefined) return Result.fail(badField(unread, notHere));
    values[name] = decoded.success;
  }
  return Result.mapError(groupValues(fields, values), (problem) => badField("", problem));
};

const shortened = (problem: string): string => problem.length <= 300 ? problem : `${problem.slice(0, 297)}...`;
