// The kernel parameters that decide about packets: lines `name = value` of `sysctl -a`.

/** The value of a parameter in a network namespace whose parameters nobody changed. */
const defaults: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '0',
  'net.ipv6.conf.all.forwarding': '0',
  'net.bridge.bridge-nf-call-iptables': '0',
  'net.bridge.bridge-nf-call-ip6tables': '0',
  'net.ipv4.vs.conntrack': '0',
};

export class Sysctls {
  readonly #values = new Map<string, string>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, value] = /^\s*(\S+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      // `sysctl` writes a dot of an interface's name as a slash: net.ipv4.conf.eth0/1.rp_filter.
      if (name !== undefined) this.#values.set(name, value ?? '');
    }
  }

  get(name: string): string {
    return this.#values.get(name) ?? defaults[name] ?? '0';
  }

  number(name: string): number {
    return Number(this.get(name));
  }

  /** The parameter of one link: `net.ipv4.conf.LINK.NAME`. A link that is not listed has the default's value. */
  ofLink(family: 'ipv4' | 'ipv6', link: string, name: string): number {
    const own = this.#values.get(`net.${family}.conf.${link.replaceAll('.', '/')}.${name}`);
    if (own !== undefined) return Number(own);
    if (name === 'forwarding')
      return this.number(family === 'ipv4' ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding');
    return this.number(`net.${family}.conf.default.${name}`);
  }

  ofAll(family: 'ipv4' | 'ipv6', name: string): number {
    return this.number(`net.${family}.conf.all.${name}`);
  }
}
