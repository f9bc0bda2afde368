// Amounts of resources: `250m`, `64Mi`, `1.5G`, `1e3` (apimachinery's resource.Quantity).

const binary: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const decimal: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};

/** The amount in the resource's base unit: cores for cpu, bytes for memory. Undefined if the text is not a quantity. */
export const parseQuantity = (text: string | number): number | undefined => {
  if (typeof text === 'number') return text;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E))?$/.exec(text);
  if (!match) return undefined;
  const [, number = '', exponent, suffix] = match;
  if (exponent !== undefined) return Number(number) * 10 ** Number(exponent);
  return Number(number) * (suffix === undefined ? 1 : (binary[suffix] ?? decimal[suffix] ?? Number.NaN));
};

/** CPU in thousandths of a core, rounded up as the scheduler does. 0 if missing or not a quantity. */
export const milliCpu = (text: string | number | undefined): number =>
  text === undefined ? 0 : Math.ceil((parseQuantity(text) ?? 0) * 1000 - 1e-9);

/** Bytes or a count, rounded up. 0 if missing or not a quantity. */
export const wholeUnits = (text: string | number | undefined): number =>
  text === undefined ? 0 : Math.ceil(parseQuantity(text) ?? 0);
