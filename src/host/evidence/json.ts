// Reads JSON that a stranger wrote: not too deep for the recursive functions behind it, and not too many values.

const most = { depth: 100, values: 5_000_000 } as const;

/** @throws Error for what is no JSON, and for JSON that would take too much memory or stack */
export const parseJson = (bytes: Buffer): unknown => {
  refuseBomb(bytes);
  return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
};

const [quote, backslash, comma, openList, closeList, openMap, closeMap] = Buffer.from('"\\,[]{}');

const refuseBomb = (bytes: Buffer): void => {
  let depth = 0;
  let values = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma) values += 1;
    else if (byte === openList || byte === openMap) {
      depth += 1;
      values += 1;
      if (depth > most.depth) throw new Error(`the JSON is nested more than ${most.depth} deep`);
    } else if (byte === closeList || byte === closeMap) depth -= 1;
    if (values > most.values) throw new Error(`the JSON has more than ${most.values} values`);
  }
};
