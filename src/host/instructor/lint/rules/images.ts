// Images that pods of the lab use and that may be missing: neither built in, nor named in `images` of lab.yaml.
import { builtInImages, normaliseReference } from '../../../../api/images.ts';
import { nearestAll } from '../../../../kit/suggest.ts';
import { gap } from '../../../script/source.ts';
import { blocksOf } from '../blocks.ts';
import { type Finding, finding, type Spot } from '../finding.ts';
import { manifestsOf } from '../manifest-source.ts';
import { meant } from '../meant.ts';
import type { LabSource } from '../source.ts';

/** The images that `labs image load` has loaded. Undefined: Docker does not answer. */
export type LoadedImages = () => Promise<readonly string[] | undefined>;

/** Asks for the loaded images only if the lab uses others than the built-in ones. */
export const imageRules = async (source: LabSource, loadedImages: LoadedImages): Promise<readonly Finding[]> => {
  const declared = Array.isArray(source.raw.images) ? source.raw.images.map(String) : [];
  const known = new Set([...builtInImages, ...declared].map(normaliseReference));
  const others = imagesIn(source).filter(({ image }) => !known.has(normaliseReference(image)));
  if (others.length === 0) return [];
  const loaded = await loadedImages();
  return others.flatMap(({ image, spot }): readonly Finding[] => {
    if (!loaded)
      return [
        finding(
          'image-unchecked',
          spot,
          `the image "${image}" is not built in, and Docker does not answer: nobody knows whether it is loaded`,
          `기본 이미지가 아니고 Docker가 응답하지 않아, 있는지 알 수 없는 이미지: "${image}"`,
        ),
      ];
    if (loaded.some((each) => normaliseReference(each) === normaliseReference(image))) return [];
    const near = meant(nearestAll(image, [...builtInImages, ...loaded]));
    return [
      finding(
        'unknown-image',
        spot,
        `no pod can use the image "${image}": it is neither built in nor loaded${near.en}`,
        `기본 이미지도 불러온 이미지도 아닌 이미지: "${image}"${near.ko}`,
      ),
    ];
  });
};

interface Used {
  readonly image: string;
  readonly spot: Spot;
}

const inManifest = /(?:^|[{,\s])"?image"?:\s*["']?([^\s"',}]+)/g;
const inCommand = /--image[= ]([^\s'"]+)/g;

const imagesIn = (source: LabSource): readonly Used[] => {
  const manifests = manifestsOf(source).flatMap(({ content, spot }) => findIn(content.split('\n'), inManifest, spot));
  const commands = source.texts.flatMap(blocksOf).flatMap(({ lines, spot }) => findIn(lines, inCommand, spot));
  const scripts = [...source.scripts.values()].flatMap(({ texts }) =>
    texts.flatMap(({ content, spot }) => findIn(content.split('\n'), inCommand, spot)),
  );
  return [...manifests, ...commands, ...scripts].filter(({ image }) => !image.includes('$') && !image.includes(gap));
};

const findIn = (
  lines: readonly string[],
  pattern: RegExp,
  spot: (line: number, column: number) => Spot,
): readonly Used[] =>
  lines.flatMap((line, row) =>
    [...line.matchAll(pattern)].map(({ 0: all, 1: image = '', index }) => ({
      image,
      spot: spot(row, index + all.lastIndexOf(image)),
    })),
  );
