// Wrong solutions: a service with a wrong port.
import { type Derivation, idsOf, type Mutant, patch, restoreSpec } from './mutant.ts';
import type { Mention, Subject } from './subjects.ts';

const withPorts = (from: Derivation, subject: Subject, fields: (port: number) => object): Promise<string> =>
  patch(from, subject, [
    {
      op: 'add',
      path: '/spec/ports',
      value: (subject.service.spec.ports ?? []).map((each) => ({ ...each, ...fields(each.port) })),
    },
  ]);

/** Without endpoints, with endpoints by hand, or without an address, the target port means nothing. */
export const targetPort = (from: Derivation, subject: Subject): readonly Mutant[] =>
  subject.endpoint === undefined ||
  subject.service.spec.selector === undefined ||
  subject.service.spec.clusterIP === 'None'
    ? []
    : [
        {
          group: 'target port',
          what: from.say.targetPort(subject.key),
          tasks: idsOf(from.tasks.filter(({ mentions }) => mentions.some((each) => seesEndpoints(each, subject)))),
          services: [subject.key],
          apply: () => withPorts(from, subject, () => ({ targetPort: wrongPort(subject.endpoint?.port ?? 0) })),
          undo: [restoreSpec(from, subject)],
        },
      ];

/**
 * Whether the check looks at what is behind the service. An element of a set names the service only, and whoever
 * compares all rules of a node compares them with the services that there are.
 */
const seesEndpoints = ({ service, carries, field }: Mention, { key }: Subject): boolean =>
  service === key && carries && field !== 'type' && !field.startsWith('elements.');

export const servicePort = (from: Derivation, subject: Subject): readonly Mutant[] =>
  subject.port === undefined
    ? []
    : [
        {
          group: 'port',
          what: from.say.servicePort(subject.key),
          tasks: idsOf(from.tasks.filter(({ ports }) => ports.includes(subject.key))),
          services: [subject.key],
          apply: () => withPorts(from, subject, (port) => ({ port: wrongPort(port) })),
          undo: [restoreSpec(from, subject)],
        },
      ];

const wrongPort = (port: number): number => (port < 65_000 ? port + 7 : port - 7);
