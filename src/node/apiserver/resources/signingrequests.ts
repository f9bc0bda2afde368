// CertificateSigningRequests: a client sends a request, an administrator approves it, a controller signs it. Its sender
// is kept in the spec, and nobody can change it.
import { type CertificateSigningRequest, clientSigner, type SigningCondition } from '../../../api/certificates.ts';
import { signingRequests } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { parseRequest, RequestError } from '../../x509/request.ts';
import { forbidden } from '../status.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  required,
  unsupported,
} from '../validation/field.ts';
import { ageOf, humanDuration } from './cells.ts';
import type { Definition, PartStrategy } from './definition.ts';

const knownUsages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment'],
  ...['decipher only', 'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
];

const decoded = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString();

const validate = (object: CertificateSigningRequest): FieldError[] => [
  ...validateRequest(object),
  ...validateUsages(object),
  ...validateSigner(object),
  ...validateDuration(object),
  ...validateConditions(object),
];

const validateRequest = ({ spec }: CertificateSigningRequest): FieldError[] => {
  try {
    parseRequest(decoded(spec.request));
    return [];
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    // The original prints every byte of the request here, which fills the screen.
    return [invalidValue('spec.request', '<certificate request>', error.message)];
  }
};

const validateUsages = ({ spec: { usages = [] } }: CertificateSigningRequest): FieldError[] => {
  if (usages.length === 0) return [required('spec.usages')];
  return usages.flatMap((usage, index) => {
    const field = `spec.usages[${index}]`;
    if (!knownUsages.includes(usage)) return [unsupported(field, usage, knownUsages)];
    return usages.indexOf(usage) === index ? [] : [duplicate(field, usage)];
  });
};

const validateSigner = ({ spec: { signerName } }: CertificateSigningRequest): FieldError[] => {
  if (!signerName) return [required('spec.signerName')];
  if (signerName === clientSigner) return [];
  const why = `labs signs for no other signer than "${clientSigner}"`;
  return [forbiddenField('spec.signerName', `labs does not support the signer ${JSON.stringify(signerName)}: ${why}`)];
};

const validateDuration = ({ spec: { expirationSeconds: seconds } }: CertificateSigningRequest): FieldError[] =>
  seconds === undefined || seconds >= 600
    ? []
    : [
        invalidValue(
          'spec.expirationSeconds',
          seconds,
          'may not specify a duration less than 600 seconds (10 minutes)',
        ),
      ];

/** Of these types, each is only ever added, with the status True. */
const lasting = ['Approved', 'Denied', 'Failed'];

const validateConditions = ({ status }: CertificateSigningRequest): FieldError[] => {
  const conditions = status?.conditions ?? [];
  const types = conditions.map(({ type }) => type);
  return conditions.flatMap(({ type, status: state }, index) => {
    const field = `status.conditions[${index}]`;
    if (!type) return [required(`${field}.type`)];
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    return [
      ...(state ? [] : [required(`${field}.status`)]),
      ...(state && !['True', 'False', 'Unknown'].includes(state)
        ? [unsupported(`${field}.status`, state, ['False', 'True', 'Unknown'])]
        : []),
      ...(state && lasting.includes(type) && state !== 'True' ? [unsupported(`${field}.status`, state, ['True'])] : []),
      ...(other !== undefined && types.indexOf(other) >= 0 && types.indexOf(other) < index
        ? [invalidValue(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive')]
        : []),
      ...(types.indexOf(type) < index ? [duplicate(`${field}.type`, type)] : []),
    ];
  });
};

const hasType = ({ status }: CertificateSigningRequest, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type);

/** What was once decided stays. @param mayAdd the types of lasting conditions that this request may add */
const validateKept = (
  next: CertificateSigningRequest,
  current: CertificateSigningRequest,
  mayAdd: readonly string[],
): FieldError[] => [
  ...lasting
    .filter((type) => hasType(current, type) && !hasType(next, type))
    .map((type) =>
      forbiddenField('status.conditions', `updates may not remove a condition of type ${JSON.stringify(type)}`),
    ),
  ...lasting
    .filter((type) => !hasType(current, type) && hasType(next, type) && !mayAdd.includes(type))
    .map((type) =>
      forbiddenField('status.conditions', `updates may not add a condition of type ${JSON.stringify(type)}`),
    ),
];

const validateCertificate = ({ status }: CertificateSigningRequest): FieldError[] =>
  status?.certificate === undefined || decoded(status.certificate).includes('-----BEGIN CERTIFICATE-----')
    ? []
    : [invalidValue('status.certificate', '<certificate data>', 'must contain at least one CERTIFICATE PEM block')];

const validateStatus = (next: CertificateSigningRequest, current: CertificateSigningRequest): FieldError[] => [
  ...validateConditions(next),
  ...validateKept(next, current, ['Failed']),
  ...validateCertificate(next),
  ...(current.status?.certificate !== undefined && next.status?.certificate !== current.status.certificate
    ? [forbiddenField('status.certificate', 'updates may not modify existing certificate content')]
    : []),
];

/** `kubectl certificate approve` and `deny` write the conditions here, and nothing else. */
const approval: PartStrategy<CertificateSigningRequest> = {
  take(given, current) {
    const next = structuredClone(current);
    const conditions = (given.status?.conditions ?? []).map((condition) => timed(condition, current));
    next.status = { ...next.status, ...(conditions.length === 0 ? {} : { conditions }) };
    if (conditions.length === 0) delete next.status.conditions;
    return next;
  },
  validate: (next, current) => [
    ...validateConditions(next),
    ...validateKept(next, current, ['Approved', 'Denied', 'Failed']),
  ],
};

const timed = (condition: SigningCondition, { status }: CertificateSigningRequest): SigningCondition => {
  const before = status?.conditions?.find(({ type }) => type === condition.type);
  const since = before?.status === condition.status ? before?.lastTransitionTime : undefined;
  const now = timestamp();
  return {
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? now,
    lastTransitionTime: condition.lastTransitionTime ?? since ?? now,
  };
};

const stateOf = (object: CertificateSigningRequest): string => {
  const decision = ['Denied', 'Approved'].find((type) => hasType(object, type)) ?? 'Pending';
  const issued = object.status?.certificate ? ',Issued' : '';
  return `${decision}${hasType(object, 'Failed') ? ',Failed' : ''}${issued}`;
};

export const signingRequestDefinition: Definition<CertificateSigningRequest> = {
  resource: signingRequests,
  subresources: ['status', 'approval'],
  fieldSelectors: ['spec.signerName'],
  explanations: {
    'certificates.v1.CertificateSigningRequest': {
      '': 'Asks for a certificate. After `kubectl certificate approve`, the status holds it.',
    },
    'certificates.v1.CertificateSigningRequestSpec': {
      request: 'The request as PEM, in base64: what `openssl req -new` writes.',
      signerName: `Who shall sign. Labs has one signer, ${clientSigner}: for clients of the API server.`,
      usages: 'What the certificate is for. This signer needs "client auth".',
      expirationSeconds: 'How long the certificate shall be valid: at least 600, by default a year.',
      username: 'Who sent the request. The API server fills it in.',
    },
    'certificates.v1.CertificateSigningRequestStatus': {
      conditions: 'Approved or Denied by an administrator; Failed when the signer refuses.',
      certificate: 'The certificate as PEM, in base64.',
    },
  },
  columns: ['Name', 'Age', 'SignerName', 'Requestor', 'RequestedDuration', 'Condition'],
  cells: (object) => {
    const { metadata, spec } = object;
    const duration = spec.expirationSeconds;
    return [
      metadata.name,
      ageOf(metadata.creationTimestamp),
      spec.signerName,
      spec.username ?? '',
      duration === undefined ? '<none>' : humanDuration(duration * 1000),
      stateOf(object),
    ];
  },
  nameProblems: (name) => (/[/%]/.test(name) ? ["may not contain '/' or '%'"] : []),
  setDefaults: (object) => {
    object.spec ??= { request: '', signerName: '' };
  },
  prepareCreate: (object, { user }) => {
    const { request, signerName, expirationSeconds, usages } = object.spec;
    object.spec = {
      request,
      signerName,
      ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
      ...(usages === undefined ? {} : { usages }),
      ...(user === undefined ? {} : { username: user.name, groups: [...user.groups] }),
      ...(user?.uid === undefined ? {} : { uid: user.uid }),
      ...(user?.extra === undefined
        ? {}
        : { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) }),
    };
    object.status = {};
  },
  prepareUpdate: (next, current) => {
    next.spec = current.spec;
  },
  admit: (object, current) => {
    if (current === undefined) refuseAdministrators(object);
  },
  validate,
  validateUpdate: (next, current) => validateKept(next, current, []),
  validateStatusUpdate: validateStatus,
  parts: { approval },
};

/** As the admission plugin CertificateSubjectRestriction. @throws StatusError 403 */
const refuseAdministrators = ({ metadata, spec }: CertificateSigningRequest): void => {
  if (spec.signerName !== clientSigner) return;
  const reason = `use of ${clientSigner} signer with system:masters group is not allowed`;
  if (organizationsIn(spec.request).includes('system:masters')) throw forbidden(signingRequests, metadata.name, reason);
};

/** None for a request that validation refuses. */
const organizationsIn = (request: string): readonly string[] => {
  try {
    return parseRequest(decoded(request)).organizations;
  } catch (error) {
    if (error instanceof RequestError) return [];
    throw error;
  }
};
