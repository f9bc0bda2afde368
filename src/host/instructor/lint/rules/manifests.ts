// Kubernetes objects that the API server would refuse: unknown kinds, misspelt fields, values of the wrong type.
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Scalar } from 'yaml';
import { fieldOf, type Shape, shapeOf, typeOf } from '../../../../api/field-types.ts';
import { allResources } from '../../../../api/resources.ts';
import { nearestAll } from '../../../../kit/suggest.ts';
import { gap } from '../../../script/source.ts';
import { type Finding, finding, type Spot } from '../finding.ts';
import { type Manifest, manifestsOf } from '../manifest-source.ts';
import { meant } from '../meant.ts';
import type { LabSource } from '../source.ts';

export const manifestRules = (source: LabSource): readonly Finding[] => manifestsOf(source).flatMap(checkManifest);

interface Walk {
  at(node: unknown): Spot;
  readonly hasGaps: boolean;
}

const checkManifest = ({ content, hasGaps, spot }: Manifest): readonly Finding[] => {
  const lines = new LineCounter();
  const documents = parseAllDocuments(content, { lineCounter: lines, logLevel: 'silent' });
  const atOffset = (offset: number): Spot => {
    const { line, col } = lines.linePos(offset);
    return spot(Math.max(0, line - 1), Math.max(0, col - 1));
  };
  const at = (node: unknown): Spot => atOffset((node as { range?: readonly number[] } | null)?.range?.[0] ?? 0);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error) {
      // A value that is filled in may hold line breaks or nothing.
      if (hasGaps) return [];
      const message = error.message.split(' at line ')[0] ?? '';
      return [
        finding(
          'manifest-yaml',
          atOffset(error.pos[0]),
          `this manifest is no YAML: ${message}`,
          `YAML이 아닌 매니페스트입니다: ${message}`,
        ),
      ];
    }
    return checkObject(document.contents, { at, hasGaps });
  });
};

const textIn = (node: unknown, key: string): string | undefined => {
  if (!isMap(node)) return undefined;
  const value = node.get(key);
  return typeof value === 'string' ? value : undefined;
};

const isUnknown = (text: string): boolean => text.includes(gap) || text.includes('$');

const checkObject = (node: unknown, walk: Walk): readonly Finding[] => {
  const [apiVersion, kind] = [textIn(node, 'apiVersion'), textIn(node, 'kind')];
  if (!isMap(node)) return [];
  if (apiVersion === undefined || kind === undefined) return [lacks(node, apiVersion === undefined, walk)];
  if (isUnknown(apiVersion) || isUnknown(kind)) return [];
  if (kind === 'List') {
    const items = node.get('items');
    return isSeq(items) ? items.items.flatMap((item) => checkObject(item, walk)) : [];
  }
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const resource = allResources.find((each) => each.kind === kind);
  if (!resource) return [unknownKind(node, kind, walk)];
  if (resource.group !== group || resource.version !== version) {
    const right = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    return [
      finding(
        'manifest-kind',
        walk.at(node.get('apiVersion', true)),
        `a ${kind} has the apiVersion ${right}, not ${apiVersion}`,
        `${kind}의 apiVersion: ${right} (잘못된 값: ${apiVersion})`,
      ),
    ];
  }
  return checkValue(node, typeOf(resource), kind, walk);
};

const lacks = (node: unknown, isVersion: boolean, walk: Walk): Finding => {
  const field = isVersion ? 'apiVersion' : 'kind';
  return finding('manifest-field', walk.at(node), `this manifest has no ${field}`, `매니페스트에 없는 필드: ${field}`);
};

const unknownKind = (node: unknown, kind: string, walk: Walk): Finding => {
  const near = meant(
    nearestAll(
      kind,
      allResources.map((each) => each.kind),
    ),
  );
  return finding(
    'manifest-kind',
    walk.at(isMap(node) ? node.get('kind', true) : node),
    `the API server of labs has no kind "${kind}"${near.en}`,
    `labs의 API 서버에 없는 종류: "${kind}"${near.ko}`,
  );
};

const checkValue = (node: unknown, token: string, path: string, walk: Walk): readonly Finding[] => {
  const shape = shapeOf(token);
  if (isScalar(node) && (node.value === null || (walk.hasGaps && isUnknown(String(node.value))))) return [];
  switch (shape.is) {
    case 'list':
      if (!isSeq(node)) return [wrongType(node, 'list', path, walk)];
      return node.items.flatMap((item, index) => checkValue(item, shape.item, `${path}[${index}]`, walk));
    case 'map':
      if (!isMap(node)) return [wrongType(node, 'map', path, walk)];
      return node.items.flatMap(({ key, value }) => checkValue(value, shape.item, `${path}.${key}`, walk));
    case 'struct':
      if (!isMap(node)) return [wrongType(node, 'map', path, walk)];
      return node.items.flatMap(({ key, value }) => {
        const name = String(isScalar(key) ? key.value : key);
        if (walk.hasGaps && isUnknown(name)) return [];
        const field = fieldOf(shape, name);
        if (!field) return [unknownField(key, name, { shape, path, walk })];
        return checkValue(value, field.token, `${path}.${name}`, walk);
      });
    case 'scalar':
      return isScalar(node) || shape.type === 'any'
        ? checkScalar(node, shape.type, path, walk)
        : [wrongType(node, 'text', path, walk)];
  }
};

interface Around {
  readonly shape: Extract<Shape, { is: 'struct' }>;
  readonly path: string;
  readonly walk: Walk;
}

const unknownField = (key: unknown, name: string, { shape, path, walk }: Around): Finding => {
  const known = Object.keys(shape.fields).filter((field) => !field.startsWith('~'));
  const near = meant(nearestAll(name, known));
  return finding(
    'manifest-field',
    walk.at(key),
    `${path} has no field "${name}"${near.en}`,
    `${path}에 없는 필드: "${name}"${near.ko}`,
  );
};

const checkScalar = (node: unknown, type: string, path: string, walk: Walk): readonly Finding[] => {
  if (!isScalar(node)) return [];
  const { value } = node as Scalar;
  const kind = typeof value;
  if (type === 'string' && kind !== 'string') return [wrongType(node, 'text', path, walk)];
  if (type === 'bool' && kind !== 'boolean') return [wrongType(node, 'boolean', path, walk)];
  if (/^u?int\d*$/.test(type) && kind !== 'number' && kind !== 'bigint') return [wrongType(node, 'number', path, walk)];
  return [];
};

const typeWords = {
  list: { en: 'a list', ko: '목록' },
  map: { en: 'a map of fields', ko: '필드의 맵' },
  text: { en: 'a text', ko: '문자열' },
  boolean: { en: 'true or false', ko: 'true나 false' },
  number: { en: 'a whole number', ko: '정수' },
} as const;

const wrongType = (node: unknown, type: keyof typeof typeWords, path: string, walk: Walk): Finding => {
  const given = isScalar(node) ? JSON.stringify(node.value) : isSeq(node) ? 'a list' : 'a map';
  const { en, ko } = typeWords[type];
  const advice = type === 'text' && isScalar(node) ? `: write "${String(node.value)}"` : '';
  return finding(
    'manifest-value',
    walk.at(node),
    `${path} is ${given}, must be ${en}${advice}`,
    `${path}의 값이 잘못되었습니다: ${given} (맞는 타입: ${ko})`,
  );
};
