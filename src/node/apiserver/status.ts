// Errors and acknowledgements: metav1.Status in Kubernetes' wording (apimachinery's api/errors).
import type { Status, StatusDetails } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { type FieldError, fieldErrorBody, fieldErrorReason } from './validation/field.ts';

/** Thrown anywhere on a request's path. The server answers with its Status. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details ? { details } : {}),
      code,
    };
  }
}

type Named = Pick<Resource, 'group' | 'plural' | 'kind'>;

/** `services`, `deployments.apps` */
export const qualified = ({ group, plural }: Pick<Resource, 'group' | 'plural'>): string =>
  group === '' ? plural : `${plural}.${group}`;

/** The resource and the object that a Status is about. */
export const detailsOf = ({ group, plural }: Pick<Resource, 'group' | 'plural'>, name?: string): StatusDetails => ({
  ...(name === undefined ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind: plural,
});

/** The Status of a request that succeeded and has no object to answer with. */
export const success = (parts: { readonly code?: number; readonly details?: StatusDetails }) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  ...parts,
});

export const notFound = (resource: Named, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));

export const alreadyExists = (resource: Named, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));

export const conflict = (resource: Named, name: string, reason: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${reason}`,
    detailsOf(resource, name),
  );

export const modified = (resource: Named, name: string): StatusError =>
  conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

export const forbidden = (resource: Named, name: string, reason: string, details: StatusDetails = {}): StatusError =>
  new StatusError(403, 'Forbidden', `${qualified(resource)} "${name}" is forbidden: ${reason}`, {
    ...detailsOf(resource, name),
    ...details,
  });

export const invalid = (
  { group, kind }: Pick<Named, 'group' | 'kind'>,
  name: string,
  errors: readonly FieldError[],
): StatusError => {
  const texts = errors.map((error) => `${error.field}: ${fieldErrorBody(error)}`);
  const summary = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  const qualifiedKind = group === '' ? kind : `${kind}.${group}`;
  return new StatusError(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${summary}`, {
    name,
    ...(group === '' ? {} : { group }),
    kind,
    causes: errors.map((error) => ({
      reason: fieldErrorReason(error),
      message: fieldErrorBody(error),
      field: error.field,
    })),
  });
};

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized');

export const pathNotFound = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

/** @param what such as `jobs.batch`, which Kubernetes has and labs has not */
export const notServed = (what: string): StatusError =>
  new StatusError(
    404,
    'NotFound',
    `the server could not find the requested resource: labs does not serve ${what}; \`kubectl api-resources\` lists what it serves`,
    {},
  );

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message);

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

export const notAcceptable = (accepted: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);

export const entityTooLarge = (limit: number): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);

export const serviceUnavailable = (message: string): StatusError => new StatusError(503, 'ServiceUnavailable', message);

export const internal = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
