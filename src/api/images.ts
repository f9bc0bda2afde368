// The store of pod images: a read-only folder that all nodes share. The host fills it, the kubelet reads it.

/** Where nodes mount the store. */
export const imageStorePath = '/var/lib/images';

/**
 * `<store>/refs/<encodeURIComponent(normalised reference)>` holds this as JSON; the root file system is
 * `<store>/blobs/<digest without "sha256:">/rootfs`.
 */
export interface StoredImage {
  /** Normalised, e.g. `docker.io/library/busybox:latest`. */
  readonly reference: string;
  /** `sha256:…` of the image's configuration. */
  readonly digest: string;
  /** Bytes of the root file system. */
  readonly size: number;
  readonly config: ImageConfig;
}

/** The part of an OCI image configuration that runs a container (image-spec, config.md). */
export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, unknown>>;
  readonly StopSignal?: string;
}

/** The images that labs itself makes, with the references that pods use. */
export const builtInReferences: Readonly<Record<string, readonly string[]>> = {
  busybox: ['busybox', 'busybox:1.37'],
  web: ['web'],
  db: ['db'],
  toolbox: ['toolbox'],
};

export const builtInImages: readonly string[] = Object.values(builtInReferences).flat();

/** `busybox` → `docker.io/library/busybox:latest`, the full form that Docker and containerd use. */
export const normaliseReference = (reference: string): string => {
  const [first = '', ...rest] = reference.split('/');
  const hasRegistry = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  const path = hasRegistry ? rest.join('/') : reference;
  const repository = hasRegistry ? `${first}/${path}` : `docker.io/${path.includes('/') ? path : `library/${path}`}`;
  const tagged = path.includes('@') || /:[^/]+$/.test(path);
  return tagged ? repository : `${repository}:latest`;
};
