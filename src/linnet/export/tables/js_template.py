"""The source of an ES module that takes a row of a table, with names between @ to fill in."""

FILE = r"""// @headline@.
// Written by linnet. An ES module without requirements: import { predict } from "./model.mjs".
// predict(@example@)

export const kind = "@kind@";
export const dataset = @dataset@;
export const target = @target@;
export const classes = @classes@;
export const outputs = @outputs@;

/** The columns of the table that a row must have. */
export const columns = [
@columns@
];

/**
 * The scores of one row.
 * @param {Object} row cells by the names of their columns; a missing cell is null, undefined or NaN. Numbers
 *   may be numbers or text, truths true and false or their words, dates are ISO text
 * @returns {Float64Array} one score an output
 */
export function scores(row) {
  const cells = columns.map((column) => READERS[column.kind](column, cellOf(row, column.name)));
  const numbers = factors.map((one) => through(one, FUNCTIONS[one.function](cells[one.column], one), row));
  const result = Float64Array.from(b);
  const add = (place, factor) => {
    for (let k = 0; k < outputs; k++) result[k] += W[place * outputs + k] * factor;
  };
  const product = (places) => finite(places.reduce((found, at) => found * numbers[at], 1));
  products.forEach((places, at) => add(at, product(places)));
  for (const table of tables) {
    const factor = product(table.factors);
    const chosen = table.choices.map((at) => cells[at]);
    if (Array.isArray(chosen[0])) {
      for (const [place, weight] of chosen[0]) add(table.start + place, weight * factor);
    } else {
      add(table.start + chosen.reduce((place, one, at) => place * table.sizes[at] + one, 0), factor);
    }
  }
  return result;
}

/**
 * @promise@ of one row.
 * @param {Object} row as of scores
 * @returns {Float64Array} one number an output
 */
export function predict(row) {
@predict@
}

/** A number through the functions that a formula has. */
function through(factor, value, row) {
  return factor.steps.reduce((x, [name, number]) => {
    const found = STEPS[name](x, number);
    if (Number.isFinite(found)) return found;
    const column = columns[factor.column].name;
    const what = `the column ${column} has ${String(row[column])}`;
    throw new RangeError(`${what}, of which the formula's ${name} is no finite number`);
  }, value);
}

function finite(value) {
  if (Number.isFinite(value)) return value;
  throw new RangeError("the row has numbers whose product is beyond what a double holds");
}

function cellOf(row, name) {
  if (row === null || typeof row !== "object" || !Object.prototype.hasOwnProperty.call(row, name)) {
    throw new TypeError(`the row lacks the column ${name}: give null where it is missing`);
  }
  const cell = row[name];
  return typeof cell === "string" ? cell : cell ?? null;
}

function isMissing(cell, words) {
  if (typeof cell === "string") return words.has(strip(cell).toLowerCase());
  return cell === null || Number.isNaN(cell);
}

function strip(text) {
  return text.replace(EDGES, "");
}

/** A reader of a cell as a number; what is missing becomes NaN. */
function reader(parse, words) {
  return (column, cell) => {
    if (isMissing(cell, words)) return NaN;
    const value = parse(column, cell);
    if (!Number.isFinite(value)) {
      throw new RangeError(`the column ${column.name} has ${String(cell)}, which is no ${column.kind}`);
    }
    return value;
  };
}

function parseNumber(column, cell) {
  if (typeof cell === "number" || typeof cell === "boolean") return Number(cell);
  return typeof cell === "string" && PLAIN.test(strip(cell)) ? Number(strip(cell)) : NaN;
}

function parseTruth(column, cell) {
  const word = strip(String(cell)).toLowerCase();
  if (column.words[0].includes(word)) return 1;
  return column.words[1].includes(word) ? 0 : NaN;
}

/** Days since 1970-01-01 of ISO text; the zone of a time is let be. */
function parseDate(column, cell) {
  const parts = typeof cell === "string" ? ISO.exec(strip(cell)) : null;
  if (parts === null) return NaN;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 5, 6, 8].map((at) => Number(parts[at] ?? 0));
  const micro = Number((parts[10] ?? "").padEnd(6, "0").slice(0, 6));
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (year < 1 || !(day >= 1 && day <= last) || hour > 23 || minute > 59 || second > 59) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const seconds = (hour * 60 + minute) * 60 + second;
  return (date.getTime() * 1000 + seconds * 1e6 + micro) / 86400e6;
}

function placesOf(list) {
  if (!known.has(list)) known.set(list, new Map(list.map((one, place) => [one, place])));
  return known.get(list);
}

/** The place among the levels; behind them what training did not see, and what is missing. */
function readLevel(column, cell) {
  if (isMissing(cell, MISSING)) return column.levels.length + 1;
  return placesOf(column.levels).get(textOf(cell)) ?? column.levels.length;
}

/** The bucket by FNV-1a of the cell's text in UTF-8; behind them what is missing. */
function readHash(column, cell) {
  if (isMissing(cell, MISSING)) return column.buckets;
  return fnv1a(textOf(cell)) % column.buckets;
}

function fnv1a(text) {
  const step = (value, byte) => Math.imul(value ^ byte, 16777619);
  return new TextEncoder().encode(text).reduce(step, 2166136261) >>> 0;
}

/** A cell as levels are written. */
function textOf(cell) {
  if (typeof cell === "boolean") return cell ? "True" : "False";
  if (typeof cell === "number") {
    if (Number.isInteger(cell)) return BigInt(cell).toString();
    const size = Math.abs(cell);
    if (size >= 1e-4 || !Number.isFinite(cell)) return String(cell);
    return cell.toExponential().replace(/e-(\d)$/, "e-0$1");
  }
  const text = strip(String(cell)).replace(/^([+-]?(?:0|[1-9][0-9]*))\.0+$/, "$1");
  return text === "-0" ? "0" : text;
}

/** The places of a text's words with their weights. */
function readWords(column, cell) {
  const places = placesOf(column.words);
  const counts = new Map();
  for (const word of tokens(column, isMissing(cell, NO_TEXT) ? "" : String(cell).toLowerCase())) {
    const hash = column.buckets ? fnv1a(word) : 0;
    const place = column.buckets ? hash % column.buckets : places.get(word);
    if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + (hash >>> 31 ? -1 : 1));
  }
  const weigh = (place, count) => (column.buckets ? count : count * column.idf[place]);
  const weights = [...counts].map(([place, count]) => [place, weigh(place, count)]);
  const length = Math.sqrt(weights.reduce((sum, [, weight]) => sum + weight * weight, 0));
  return weights.map(([place, weight]) => [place, weight / (length || 1)]);
}

function tokens(column, text) {
  if (column.by === "words") return text.match(/[\p{L}\p{N}_]{2,}/gu) ?? [];
  const signs = Array.from(text.replace(SPACES, " "));
  return [...signs, ...signs.slice(1).map((sign, at) => signs[at] + sign)];
}

function fill(value, factor) {
  return Number.isNaN(value) ? factor.fill : value;
}

/** A part of a date; the first of March begins a year that ends with a leap day. */
function calendar(part) {
  return (value, factor) => {
    const days = fill(value, factor);
    const whole = Math.floor(days);
    if (part === "days") return days - factor.since;
    if (part === "hour") return Math.floor((days - whole) * 24 + 1e-9);
    if (part === "weekday") return ((((whole + 3) % 7) + 7) % 7) + 1;
    const era = Math.floor((whole + 719468) / 146097);
    const day = whole + 719468 - era * 146097;
    const floor = Math.floor;
    const year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365);
    const place = floor((5 * (day - (365 * year + floor(year / 4) - floor(year / 100))) + 2) / 153);
    const month = place < 10 ? place + 3 : place - 9;
    return part === "month" ? month : year + era * 400 + (month <= 2 ? 1 : 0);
  };
}

function decode(base64, bits) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const read = (_, i) => (bits === 32 ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true));
  return Float64Array.from({ length: (bytes.length * 8) / bits }, read);
}

const known = new Map();
const PLAIN = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const ISO = new RegExp(
  "^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})" +
    "([T ]([0-9]{1,2}):([0-9]{2})(:([0-9]{2})(\\.([0-9]+))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$",
);
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const EDGES = new RegExp(`^${BLANK}+|${BLANK}+$`, "g");
const SPACES = new RegExp(`${BLANK}{2,}`, "g");
const MISSING = new Set(@missing@);
const NO_NUMBER = new Set(@no_number@);
const NO_TEXT = new Set([""]);
const READERS = {
  number: reader(parseNumber, NO_NUMBER),
  truth: reader(parseTruth, MISSING),
  date: reader(parseDate, NO_NUMBER),
  category: readLevel,
  hash: readHash,
  text: readWords,
};
const STEPS = {
  add: (x, number) => x + number,
  times: (x, number) => x * number,
  power: (x, number) => x ** number,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  exp: Math.exp,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  abs: Math.abs,
};
const FUNCTIONS = {
  number: fill,
  missing: (value) => (Number.isNaN(value) ? 1 : 0),
  ...Object.fromEntries(["days", "year", "month", "weekday", "hour"].map((part) => [part, calendar(part)])),
};
const factors = [
@factors@
];
const products = @products@;
const tables = @tables@;
const W = decode(
@W@,
  @bits@,
);
const b = decode("@b@", @bits_b@);
"""

SOFTMAX = """  const logits = @logits@;
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);"""

LOG_SIGMOID = "scores(row).map((o) => Math.min(o, 0) - Math.log1p(Math.exp(-Math.abs(o))))"
