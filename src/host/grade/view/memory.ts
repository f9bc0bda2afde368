// What a namespace remembers of earlier packets: lists of `-m recent`, and elements of sets that rules fill.
import type { NamespaceTexts } from '../../../api/dataplane.ts';

/** Which clients have connected before does not belong to the rules. */
export const withoutMemory = (texts: NamespaceTexts): NamespaceTexts => ({
  ...texts,
  recent: {},
  nft: forget(texts.nft),
});

const forget = (nft: string): string =>
  nft.includes('"dynamic"')
    ? JSON.stringify(JSON.parse(nft), (_, value) =>
        (value as { flags?: unknown } | null)?.flags !== undefined && [value.flags].flat().includes('dynamic')
          ? { ...value, elem: undefined }
          : value,
      )
    : nft;
