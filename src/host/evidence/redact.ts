// Takes secrets out of facts: evidence is sent to others. A check that needs a secret keeps its verdict instead.

const hidden = '[removed]';

/** Whether something was taken out of a value, or may have been. */
export const isRedacted = (value: unknown): boolean => JSON.stringify(value).includes(hidden);

/** Every text without private keys, tokens and the credentials of a kubeconfig; a Secret without its data. */
export const redact = <T>(value: T): T => walk(value) as T;

const walk = (value: unknown): unknown => {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(walk);
  if (typeof value !== 'object' || value === null) return value;
  const known = value as Readonly<Record<string, unknown>>;
  const secret = isSecret(known);
  return Object.fromEntries(
    Object.entries(known).map(([key, inner]) => [key, secret ? redactField(key, inner) : walk(inner)]),
  );
};

/** Items of a list have no `kind`. A Secret has a type and data, which a ConfigMap does not. */
const isSecret = ({ kind, type, data, stringData }: Readonly<Record<string, unknown>>): boolean =>
  kind === 'Secret' || (typeof type === 'string' && (isMap(data) || isMap(stringData)));

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field of a Secret. The annotations of `kubectl apply` repeat the data. */
const redactField = (key: string, inner: unknown): unknown => {
  if (!isMap(inner)) return walk(inner);
  if (key === 'data' || key === 'stringData')
    return Object.fromEntries(Object.keys(inner).map((name) => [name, hidden]));
  const { annotations, ...rest } = inner;
  return {
    ...(walk(rest) as object),
    ...(key === 'metadata' && annotations !== undefined ? { annotations: hidden } : {}),
  };
};

const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
  // JSON Web Tokens, as of service accounts.
  [/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g, hidden],
  [
    /\b(client-key-data|id-token|refresh-token|client-secret|token|password)(["']?\s*[:=]\s*["']?)[^\s"',]+/gi,
    `$1$2${hidden}`,
  ],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/g, `$1 ${hidden}`],
  // PEM in base64, as in kubeconfigs: "-----BEGIN … PRIVATE".
  [/\bLS0tLS1CRUdJTi[\w+/=]{40,}/g, hidden],
];

const redactText = (text: string): string =>
  patterns.reduce((rest, [pattern, shown]) => rest.replace(pattern, shown), text);
