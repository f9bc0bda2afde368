// Stands in for Intl.Segmenter in the bundle of labs. Packages make a segmenter when they are loaded. That takes 30 ms,
// and most commands never use it.
const { Segmenter } = Intl;

export class LazySegmenter {
  readonly #options: ConstructorParameters<typeof Segmenter>;
  #made: Intl.Segmenter | undefined;

  constructor(...options: ConstructorParameters<typeof Segmenter>) {
    this.#options = options;
  }

  segment(text: string): Intl.Segments {
    this.#made ??= new Segmenter(...this.#options);
    return this.#made.segment(text);
  }
}
