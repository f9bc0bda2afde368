// Events: reports about other objects.
import type { KubeEvent } from '../../../api/core.ts';
import { events } from '../../../api/resources.ts';
import { invalidValue } from '../validation/field.ts';
import { ageOf } from './cells.ts';
import type { Definition } from './definition.ts';

const cells = (event: KubeEvent): unknown[] => {
  const { involvedObject, source, metadata } = event;
  const first = event.firstTimestamp ?? event.eventTime;
  const last = event.lastTimestamp ?? first;
  const object = `${(involvedObject.kind ?? '').toLowerCase()}${involvedObject.name ? `/${involvedObject.name}` : ''}`;
  return [
    ageOf(last),
    event.type ?? '',
    event.reason ?? '',
    object,
    involvedObject.fieldPath ?? '',
    [source?.component ?? event.reportingComponent, source?.host].filter(Boolean).join(', '),
    (event.message ?? '').trim(),
    ageOf(first),
    event.count ?? 1,
    metadata.name,
  ];
};

const objectFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const eventDefinition: Definition<KubeEvent> = {
  resource: events,
  fieldSelectors: [
    ...objectFields.map((field) => `involvedObject.${field}`),
    'reason',
    'reportingComponent',
    'source',
    'source.component',
    'type',
  ],
  explanations: {
    'core.v1.Event': { '': 'A report that something happened to an object. It is kept for one hour.' },
  },
  columns: [
    'Last Seen',
    'Type',
    'Reason',
    'Object',
    '?Subobject',
    '?Source',
    'Message',
    '?First Seen',
    '?Count',
    '?Name',
  ],
  cells,
  setDefaults: (event) => {
    event.involvedObject ??= {};
  },
  validate: ({ involvedObject, metadata }) =>
    involvedObject?.namespace && involvedObject.namespace !== metadata.namespace
      ? [invalidValue('involvedObject.namespace', involvedObject.namespace, 'does not match event.namespace')]
      : [],
  outlivesNamespace: true,
};
