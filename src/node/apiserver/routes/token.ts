// POST serviceaccounts/a/token: `kubectl create token`, and the tokens that kubelets put into pods.
import type { TokenRequest } from '../../../api/authentication.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { nodes, pods, type Resource, secrets, serviceAccounts } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { existing } from '../admission/write.ts';
import { type Bound, signToken } from '../auth/tokens.ts';
import { type Api, created, type Handler, keyOf } from '../exchange/exchange.ts';
import { isDryRun } from '../exchange/query.ts';
import { subresources } from '../resources/subresources.ts';
import { isRecord } from '../schema/record.ts';
import { badRequest, conflict, invalid } from '../status.ts';
import { type FieldError, invalidValue } from '../validation/field.ts';
import { readDocument } from './body.ts';
import { toObject } from './decode.ts';

const defaultSeconds = 3600;

export const requestToken: Handler = async (exchange) => {
  const { api, request, url } = exchange;
  const account = existing(api, serviceAccounts, keyOf(exchange));
  const document = await readDocument(request);
  if (!isRecord(document)) throw badRequest("Object 'Kind' is missing in the body");
  const wanted = toObject(exchange, subresources.token, document) as TokenRequest;
  const { expirationSeconds: seconds = defaultSeconds, audiences: given = [] } = wanted.spec ?? {};
  const audiences = given.length > 0 ? given : api.tokens.audiences;
  const problems = validateLifetime(seconds);
  if (problems.length > 0) throw invalid(subresources.token, wanted.metadata.name, problems);
  const bound = boundTo(api, account, wanted.spec?.boundObjectRef);
  const now = Date.now();
  const token = isDryRun(url) ? '' : await signToken(api.tokens, { account, bound, audiences, seconds, now });
  const metadata = { ...wanted.metadata, creationTimestamp: timestamp(now) };
  return created({
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata,
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: wanted.spec?.boundObjectRef ?? null },
    status: { token, expirationTimestamp: timestamp(now + seconds * 1000) },
  });
};

const validateLifetime = (seconds: number): FieldError[] => {
  const refuse = (detail: string): FieldError[] => [invalidValue('spec.expirationSeconds', seconds, detail)];
  if (seconds < 600) return refuse('may not specify a duration less than 10 minutes');
  return seconds > 2 ** 32 ? refuse('may not specify a duration larger than 2^32 seconds') : [];
};

/** The objects on which the token will depend. @throws StatusError 400, 404, 409 */
const boundTo = (api: Api, account: KubeObject, reference: TokenRequest['spec']['boundObjectRef']): Bound => {
  if (!reference) return {};
  const { kind = '', apiVersion = '', name = '', uid } = reference;
  const find = (resource: Resource): KubeObject => {
    const object = existing(api, resource, { name, namespace: account.metadata.namespace });
    if (uid && uid !== object.metadata.uid) {
      const problem =
        `the UID in the bound object reference (${uid}) does not match the UID in record. ` +
        'The object might have been deleted and then recreated';
      throw conflict(resource, name, problem);
    }
    return object;
  };
  switch (`${apiVersion} ${kind}`) {
    case 'v1 Pod':
      return boundToPod(api, account, find(pods) as Pod);
    case 'v1 Node': {
      const node = existing(api, nodes, { name });
      if (!uid || uid === node.metadata.uid) return { node };
      throw conflict(nodes, name, `the UID in the bound object reference (${uid}) does not match the UID in record`);
    }
    case 'v1 Secret':
      return { secret: find(secrets) };
    default:
      throw badRequest(`cannot bind token to object of type ${kind}`);
  }
};

const boundToPod = ({ store }: Api, { metadata }: KubeObject, pod: Pod): Bound => {
  if (pod.spec.serviceAccountName !== metadata.name)
    throw badRequest(
      `cannot bind token for serviceaccount "${metadata.name}" to pod running with different serviceaccount name.`,
    );
  const node = pod.spec.nodeName ? store.get(nodes, { name: pod.spec.nodeName }) : undefined;
  return node ? { node, pod } : { pod };
};
