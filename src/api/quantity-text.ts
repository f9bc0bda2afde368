// The canonical text of a quantity, as apimachinery's resource.Quantity prints it: `0.5` is `500m`, `1024Mi` is `1Gi`.

const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const quantity = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E))?$/;

/** An amount is `value · 10^exponent`, without rounding. */
interface Amount {
  readonly value: bigint;
  readonly exponent: number;
  readonly format: 'binary' | 'decimal' | 'exponent';
}

/** The text itself if it is no quantity, or too large for the suffixes. */
export const canonicalQuantity = (text: string): string => write(readAmount(text)) ?? text;

/** Rounds away from zero to a multiple of 10^exponent. */
export const roundUpQuantity = (text: string, exponent: number): string => {
  const amount = readAmount(text);
  return write(amount && roundUp(amount, exponent)) ?? text;
};

const readAmount = (text: string): Amount | undefined => {
  const [, sign, whole = '', part = '', exponent, suffix] = quantity.exec(text) ?? [];
  if (whole + part === '') return undefined;
  const digits = BigInt(`${whole}${part}`) * (sign === '-' ? -1n : 1n);
  const power = binarySuffixes.indexOf(suffix ?? ' ');
  const amount: Amount =
    power > 0
      ? { value: digits * 1024n ** BigInt(power), exponent: -part.length, format: 'binary' }
      : {
          value: digits,
          exponent: (exponent === undefined ? (decimalSuffixes[suffix ?? ''] ?? 0) : Number(exponent)) - part.length,
          format: exponent === undefined ? 'decimal' : 'exponent',
        };
  return Math.abs(amount.exponent) > 60 ? undefined : roundUp(amount, -9);
};

const roundUp = (amount: Amount, exponent: number): Amount => {
  if (amount.exponent >= exponent) return amount;
  const unit = 10n ** BigInt(exponent - amount.exponent);
  const rest = amount.value % unit;
  const away = rest === 0n ? 0n : amount.value > 0n ? 1n : -1n;
  return { ...amount, value: amount.value / unit + away, exponent };
};

const write = (amount: Amount | undefined): string | undefined => {
  if (!amount) return undefined;
  if (amount.value === 0n) return '0';
  return amount.format === 'binary' ? (writeBinary(amount) ?? writeDecimal(amount)) : writeDecimal(amount);
};

/** Undefined for less than 1024 and for fractions, which Kubernetes prints in decimal. */
const writeBinary = ({ value, exponent }: Amount): string | undefined => {
  const unit = 10n ** BigInt(Math.abs(exponent));
  if (exponent < 0 && value % unit !== 0n) return undefined;
  let rest = exponent < 0 ? value / unit : value * unit;
  if (rest > -1024n && rest < 1024n) return undefined;
  let power = 0;
  for (; rest % 1024n === 0n && power < binarySuffixes.length - 1; power++) rest /= 1024n;
  return `${rest}${binarySuffixes[power]}`;
};

/** The exponent becomes the largest multiple of 3 that needs no fraction. */
const writeDecimal = ({ value, exponent, format }: Amount): string | undefined => {
  let [rest, power] = [value, exponent];
  for (; rest % 10n === 0n; power++) rest /= 10n;
  for (; power % 3 !== 0; power--) rest *= 10n;
  if (format === 'exponent') return power === 0 ? `${rest}` : `${rest}e${power}`;
  const suffix = Object.entries(decimalSuffixes).find(([, size]) => size === power)?.[0];
  return suffix === undefined ? undefined : `${rest}${suffix}`;
};
