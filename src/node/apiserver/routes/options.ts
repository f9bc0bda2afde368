// Validates the options of a write in the query and in the body of a deletion, in the words of apimachinery.

import type { ResourceRequest } from '../exchange/info.ts';
import { unsupportedFields } from '../fields/refuse.ts';
import { DecodeError, decodeObject } from '../schema/decode.ts';
import type { Fields } from '../schema/record.ts';
import { badRequest, invalid } from '../status.ts';
import { type FieldError, forbiddenField, invalidValue, tooLong, unsupported } from '../validation/field.ts';

const kinds: Readonly<Record<string, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
};

/** These subresources pass the request on, with its query. */
const relayed = new Set(['proxy', 'exec', 'attach', 'portforward']);

/** @throws StatusError 422 */
export const checkOptions = (
  { verb, subresource = '' }: ResourceRequest,
  { searchParams }: URL,
  contentType: string,
): void => {
  const kind = kinds[verb];
  if (kind === undefined || relayed.has(subresource)) return;
  const given = (name: string): string | undefined => searchParams.get(name) || undefined;
  const problems = [
    ...dryRunProblems(searchParams.getAll('dryRun').filter((value) => value !== '')),
    ...(kind === 'DeleteOptions' ? policyProblems(given('propagationPolicy')) : managerProblems(given)),
  ];
  if (verb === 'patch' && !contentType.startsWith('application/apply-patch') && given('force') !== undefined)
    problems.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  refuse(kind, problems);
};

const refuse = (kind: string, problems: readonly FieldError[]): void => {
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', problems);
};

const dryRunProblems = (values: readonly unknown[]): FieldError[] =>
  values.filter((value) => value !== 'All').map((value) => unsupported('dryRun', value, ['All']));

const policies = ['Foreground', 'Background', 'Orphan', 'nil'];

const policyProblems = (policy: unknown): FieldError[] =>
  policy === undefined || policies.slice(0, 3).includes(String(policy))
    ? []
    : [unsupported('propagationPolicy', policy, policies)];

const longestManager = 128;
const validations = ['Ignore', 'Strict', 'Warn'];

const managerProblems = (given: (name: string) => string | undefined): FieldError[] => {
  const manager = given('fieldManager') ?? '';
  const validation = given('fieldValidation');
  const problems: FieldError[] = [];
  if (Buffer.byteLength(manager) > longestManager) problems.push(tooLong('fieldManager', longestManager));
  if (!/^\P{C}*$/u.test(manager))
    problems.push(invalidValue('fieldManager', manager, 'should only contain printable characters'));
  if (validation !== undefined && !validations.includes(validation))
    problems.push(unsupported('fieldValidation', validation, validations));
  return problems;
};

/** @param document the body of a deletion. @throws StatusError 400, 422 */
export const checkDeleteOptions = (document: Fields): void => {
  const type = 'meta.v1.DeleteOptions';
  const options = decode(type, document);
  const { orphanDependents, propagationPolicy, dryRun } = options;
  const problem = 'orphanDependents and deletionPropagation cannot be both set';
  const isAmbiguous = orphanDependents !== undefined && propagationPolicy !== undefined;
  refuse('DeleteOptions', [
    ...(isAmbiguous ? [invalidValue('propagationPolicy', propagationPolicy, problem)] : []),
    ...policyProblems(propagationPolicy),
    ...dryRunProblems(Array.isArray(dryRun) ? dryRun : []),
    ...unsupportedFields(type, options),
  ]);
};

const decode = (type: string, document: Fields): Fields => {
  try {
    return decodeObject(type, document).object;
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw badRequest(`DeleteOptions in version "v1" cannot be handled as a DeleteOptions: ${cause.message}`);
  }
};
