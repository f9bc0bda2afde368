// Wrong solutions: a service with a wrong port.
import { carries, type Derivation, idsOf, type Mutant, named, patch, restoreSpec } from './mutant.ts';
import type { Subject } from './subjects.ts';

const withPorts = (from: Derivation, subject: Subject, fields: (port: number) => object): Promise<string> =>
  patch(from, subject, [
    {
      op: 'add',
      path: '/spec/ports',
      value: (subject.service.spec.ports ?? []).map((each) => ({ ...each, ...fields(each.port) })),
    },
  ]);

/**
 * Without endpoints, or with endpoints by hand, the target port means nothing. It means nothing either to a check that
 * looks for an element of a set: the element names the service, not what is behind it.
 */
export const targetPort = (from: Derivation, subject: Subject): readonly Mutant[] =>
  subject.endpoint === undefined || subject.service.spec.selector === undefined
    ? []
    : [
        {
          group: 'target port',
          what: from.say.targetPort(subject.key),
          tasks: idsOf(
            named(carries(from, subject.key), subject.key).filter(({ mentions }) =>
              mentions.some(({ service, field }) => service === subject.key && !field.startsWith('elements.')),
            ),
          ),
          services: [subject.key],
          apply: () => withPorts(from, subject, () => ({ targetPort: wrongPort(subject.endpoint?.port ?? 0) })),
          undo: [restoreSpec(from, subject)],
        },
      ];

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
