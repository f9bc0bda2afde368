// Kubeconfigs as text: reads the administrator's, and adds a lab to a file of the user, or takes it out again.
import { type Document, isMap, isSeq, parse, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { LabError } from '../../kit/error.ts';

/** What a client needs to reach a lab. The credentials are base64, as in a kubeconfig. */
export interface Access {
  /** The lab's name. */
  readonly lab: string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** The cluster's id. A cluster that is built again has another id, and other certificates. */
  readonly instance: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** The name of a lab's cluster, user and context in a kubeconfig. */
export const contextName = (lab: string): string => `labs-${lab}`;

/** The credentials in the administrator's kubeconfig of a cluster. */
export const credentialsIn = (text: string): Pick<Access, 'authority' | 'certificate' | 'key'> => {
  const config = parse(text);
  const user = config.users[0].user;
  return {
    authority: config.clusters[0].cluster['certificate-authority-data'],
    certificate: user['client-certificate-data'],
    key: user['client-key-data'],
  };
};

/** A kubeconfig with only this lab. */
export const kubeconfigOf = (access: Access): object => {
  const name = contextName(access.lab);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: clusterOf(access) }],
    users: [{ name, user: userOf(access) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
};

const clusterOf = ({ server, authority, instance }: Access): object => ({
  server,
  'certificate-authority-data': authority,
  extensions: [{ name: extensionName, extension: { instance } }],
});

const userOf = ({ certificate, key }: Access): object => ({
  'client-certificate-data': certificate,
  'client-key-data': key,
});

const extensionName = 'labs';

/** Which cluster a kubeconfig leads to. */
export const targetIn = (
  text: string,
  lab: string,
): { readonly server: string; readonly instance: string } | undefined => {
  const { clusters } = (parse(text) ?? {}) as { clusters?: { name: string; cluster: ClusterEntry }[] };
  const cluster = clusters?.find(({ name }) => name === contextName(lab))?.cluster;
  const own = cluster?.extensions?.find(({ name }) => name === extensionName);
  return cluster && own && { server: cluster.server, instance: own.extension.instance };
};

interface ClusterEntry {
  readonly server: string;
  readonly extensions?: readonly { readonly name: string; readonly extension: { readonly instance: string } }[];
}

export interface Merged {
  readonly text: string;
  /** The current context of before. */
  readonly previous: string;
}

/**
 * Adds the lab to a kubeconfig, and makes it the current context. Everything else stays: other entries, comments, and
 * the namespace that the user chose for the lab's context.
 * @param text of the user's file; empty for a new file
 */
export const addTo = (text: string, access: Access, file: string): Merged => {
  const document = read(text, file);
  const name = contextName(access.lab);
  const previous = String(document.get('current-context') ?? '');
  put(document, 'clusters', name, 'cluster', clusterOf(access));
  put(document, 'users', name, 'user', userOf(access));
  const context = findEntry(document, 'contexts', name)?.get('context');
  const known = isMap(context) ? context.toJSON() : {};
  put(document, 'contexts', name, 'context', { ...known, cluster: name, user: name });
  document.set('current-context', name);
  return { text: write(document), previous };
};

/** Takes the lab out of a kubeconfig. If its context is the current one, `previous` becomes current again. */
export const removeFrom = (text: string, lab: string, previous: string, file: string): string => {
  const document = read(text, file);
  const name = contextName(lab);
  for (const list of lists) {
    const entries = document.get(list);
    if (isSeq(entries)) entries.items = entries.items.filter((item) => !(isMap(item) && item.get('name') === name));
  }
  if (document.get('current-context') === name)
    document.set('current-context', findEntry(document, 'contexts', previous) ? previous : '');
  return write(document);
};

const lists = ['clusters', 'users', 'contexts'] as const;
type List = (typeof lists)[number];

const read = (text: string, file: string): Document => {
  const document = parseDocument(text.trim() === '' ? 'apiVersion: v1\nkind: Config\n' : text);
  const wrong =
    document.errors[0]?.message ??
    (!isMap(document.contents)
      ? 'it is not a map'
      : lists.find((list) => document.get(list) != null && !isSeq(document.get(list))));
  if (wrong === undefined) return document as Document;
  throw new LabError('LAB_KUBECONFIG', `${file} is not a valid kubeconfig: ${wrong.split('\n', 1)[0]}`, {
    hint: 'Nothing was changed. Correct the file, or name another one: KUBECONFIG=FILE labs kubeconfig --write',
  });
};

const write = (document: Document): string => document.toString({ lineWidth: 0 });

const findEntry = (document: Document, list: List, name: string): YAMLMap | undefined => {
  const entries = document.get(list);
  const found = isSeq(entries) ? entries.items.find((item) => isMap(item) && item.get('name') === name) : undefined;
  return isMap(found) ? found : undefined;
};

const put = (document: Document, list: List, name: string, field: string, value: object): void => {
  const entry = findEntry(document, list, name);
  if (entry) {
    entry.set(field, document.createNode(value));
    return;
  }
  if (!isSeq(document.get(list))) document.set(list, document.createNode([]));
  const entries = document.get(list) as YAMLSeq;
  // An empty list is often written as `[]`. Entries in this style would fill one very long line.
  if (entries.items.length === 0) entries.flow = false;
  entries.add(document.createNode({ name, [field]: value }));
};
