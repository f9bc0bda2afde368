// Validation errors of fields, in the words of apimachinery's util/validation/field.

export type FieldError =
  | { readonly type: 'required'; readonly field: string; readonly detail?: string }
  | { readonly type: 'invalid'; readonly field: string; readonly value: unknown; readonly detail: string }
  | {
      readonly type: 'unsupported';
      readonly field: string;
      readonly value: unknown;
      readonly supported: readonly string[];
    }
  | { readonly type: 'duplicate'; readonly field: string; readonly value: unknown }
  | { readonly type: 'notFound'; readonly field: string; readonly value: unknown }
  | { readonly type: 'forbidden'; readonly field: string; readonly detail: string }
  | { readonly type: 'tooLong'; readonly field: string; readonly limit: number }
  | { readonly type: 'tooMany'; readonly field: string; readonly count: number; readonly limit: number };

export const required = (field: string, detail?: string): FieldError =>
  detail === undefined ? { type: 'required', field } : { type: 'required', field, detail };
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'invalid',
  field,
  value,
  detail,
});
export const unsupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'unsupported',
  field,
  value,
  supported,
});
export const duplicate = (field: string, value: unknown): FieldError => ({ type: 'duplicate', field, value });
export const missing = (field: string, value: unknown): FieldError => ({ type: 'notFound', field, value });
export const forbiddenField = (field: string, detail: string): FieldError => ({ type: 'forbidden', field, detail });
export const tooLong = (field: string, limit: number): FieldError => ({ type: 'tooLong', field, limit });
export const tooMany = (field: string, count: number, limit: number): FieldError => ({
  type: 'tooMany',
  field,
  count,
  limit,
});

/** The message after the field's path: `Invalid value: 0: must be between 1 and 65535, inclusive`. */
export const fieldErrorBody = (error: FieldError): string => {
  switch (error.type) {
    case 'required':
      return error.detail === undefined ? 'Required value' : `Required value: ${error.detail}`;
    case 'invalid':
      return `Invalid value: ${goValue(error.value)}: ${error.detail}`;
    case 'unsupported':
      return `Unsupported value: ${goValue(error.value)}: supported values: ${error.supported.map(goValue).join(', ')}`;
    case 'duplicate':
      return `Duplicate value: ${goValue(error.value)}`;
    case 'notFound':
      return `Not found: ${goValue(error.value)}`;
    case 'forbidden':
      return `Forbidden: ${error.detail}`;
    case 'tooLong':
      return `Too long: may not be more than ${error.limit} bytes`;
    case 'tooMany':
      return `Too many: ${error.count}: must have at most ${error.limit} items`;
  }
};

const reasons: Readonly<Record<FieldError['type'], string>> = {
  required: 'FieldValueRequired',
  invalid: 'FieldValueInvalid',
  unsupported: 'FieldValueNotSupported',
  duplicate: 'FieldValueDuplicate',
  notFound: 'FieldValueNotFound',
  forbidden: 'FieldValueForbidden',
  tooLong: 'FieldValueTooLong',
  tooMany: 'FieldValueTooMany',
};

export const fieldErrorReason = (error: FieldError): string => reasons[error.type];

/** A text that is already in Go's notation, for values that goValue can't print. */
export class GoLiteral {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A value as Go's `%#v` prints it: strings, numbers, string lists, string maps. */
export const goValue = (value: unknown): string => {
  if (value === undefined || value === null) return '""';
  if (value instanceof GoLiteral) return value.text;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.length === 0 ? '[]string(nil)' : `[]string{${value.map(goValue).join(', ')}}`;
  if (
    typeof value === 'object' &&
    Object.values(value).every((item) => typeof item === 'string') &&
    !Array.isArray(value)
  )
    return `map[string]string{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${goValue(key)}:${goValue(item)}`)
      .join(', ')}}`;
  return JSON.stringify(value);
};
