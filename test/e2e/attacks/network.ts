// Attempts on networks other than the lab's own: the fabric's, the machine's, another lab's.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseIpv4 } from '../../../src/api/scalars.ts';
import { macOf } from '../../../src/host/plan/names.ts';
import { type Attack, type Prepared, perl } from './attack.ts';

/** Perl: sends one message of rtnetlink, and returns the error number of the answer, or 0. */
const netlink = `
  my ($id) = \`ip -o link show eth0\` =~ /link-netnsid (\\d+)/;
  defined $id or do { print "refused: eth0 has no id\\n"; exit };
  sub attribute {
    my ($type, $value) = @_; my $all = pack('SS', 4 + length $value, $type) . $value;
    return $all . "\\0" x (-length($all) % 4);
  }
  sub ask {
    my ($type, $flags, $index, $attributes) = @_;
    my $body = pack('CxSlLL', 0, 0, $index, 0, 0) . attribute(46, pack('l', $id)) . $attributes;
    socket my $socket, 16, SOCK_RAW, 0 or return $! + 0;
    send $socket, pack('LSSLL', 16 + length $body, $type, 1 | $flags, 1, 0) . $body, 0 or return $! + 0;
    recv $socket, my $answer, 65536, 0; my (undef, $kind) = unpack 'LS', $answer;
    return $kind == 2 ? -unpack('l', substr $answer, 16) : 0;
  }
  sub answer { my ($what, $error) = @_; $! = $error; verdict($what, $error ? -1 : 0); !$error }`;

/** Listens on all addresses of the machine. @returns the port, and what came */
const listenOnMachine = async (): Promise<Prepared & { readonly came: string[] }> => {
  const came: string[] = [];
  const datagrams = createSocket('udp4').on('message', (text, { address }) => came.push(`${text} from ${address}`));
  datagrams.bind(0);
  await once(datagrams, 'listening');
  const { port } = datagrams.address();
  const streams = createServer((socket) => {
    came.push(`a connection from ${socket.remoteAddress}`);
    socket.destroy();
  }).listen(port);
  await once(streams, 'listening');
  return {
    came,
    variables: { PORT: String(port) },
    [Symbol.asyncDispose]: async () => {
      datagrams.close();
      streams.close();
    },
  };
};

export const network: readonly Attack[] = [
  {
    what: 'send a packet out of the lab',
    prepare: listenOnMachine,
    // Routes the addresses to the fabric, with and without a forged source. In a namespace, so that no route stays.
    script: `gateways=$(ip -4 route show default | cut -d ' ' -f 3)
      for address in $ADDRESSES; do for gateway in $FABRIC $gateways; do
        ip route replace $address via $gateway 2> /dev/null
        for source in '' 172.17.0.254 192.168.56.1; do
          [ -z "$source" ] || ip address add $source/32 dev lo 2> /dev/null
          ${perl(`
            socket my $socket, PF_INET, SOCK_DGRAM, 0; my ($source, $address) = @ENV{'SOURCE', 'TO'};
            bind $socket, sockaddr_in(0, inet_aton($source)) if $source;
            my $sent = send $socket, 'labs', 0, sockaddr_in($ENV{PORT}, inet_aton($address));
            print 'refused: sent ', $sent // $!, "\\n";`).replace('perl -', 'SOURCE=$source TO=$address perl -')}
          [ -z "$source" ] || ip address delete $source/32 dev lo 2> /dev/null
        done
        timeout 0.2 bash -c "exec 3<> /dev/tcp/$address/$PORT" 2> /dev/null
        ip route delete $address via $gateway 2> /dev/null
      done; done`,
    escaped: async (_, prepared) => (prepared as Awaited<ReturnType<typeof listenOnMachine>>).came[0],
  },
  {
    what: 'connect to an abstract socket of the machine',
    prepare: async ({ id }) => {
      const server = createServer((socket) => socket.end()).listen(`\0labs-${id}`);
      await once(server, 'listening');
      return { [Symbol.asyncDispose]: async () => void server.close() };
    },
    script: perl(`
      socket my $socket, PF_UNIX, SOCK_STREAM, 0;
      my $done = connect $socket, pack 'Sa*', 1, "\\0labs-$ENV{ID}"; verdict('connect', $done ? 0 : -1);`),
  },
  {
    what: 'list the interfaces of the fabric by the id of its namespace',
    from: ['node'],
    script: perl(`${netlink} answer('lists the interfaces of the fabric', ask(18, 0, 1, ''));`),
  },
  {
    what: 'put an interface into the fabric, or take it out again',
    from: ['node'],
    script: perl(`${netlink}
      my $name = attribute(3, "labsattack\\0");
      # Create, exclusive, with an answer. 18 is the kind of the link.
      my $bridge = $name . attribute(18, attribute(1, "bridge\\0"));
      ask(17, 4, 0, $name) if answer('makes an interface in the fabric', ask(16, 0x604, 0, $bridge));`),
  },
  {
    what: 'send or read packets in the fabric by an interface of its own',
    from: ['node'],
    // Such an interface stays in the node, and what it sends goes out of the other namespace.
    script: `own() { # LINK TYPE…
        local id link=$1; shift
        for id in $(ip -o link show | grep -o 'link-netnsid [0-9]*' | cut -d ' ' -f 2 | sort -u); do
          if ip link add name labsattack $link link-netnsid $id type $* 2> /dev/null; then
            escaped "has a $1 in namespace $id"; ip link delete labsattack
          else refused "$1 in namespace $id"; fi
        done
      }
      for index in 2 3 4 5; do own "link if$index" macvlan mode bridge; own "link if$index" vlan id 7; done
      own '' vxlan id 7 remote $NODE02 dstport 4789; own '' ipip local $FABRIC remote $NODE02
      own '' gre local $FABRIC remote $NODE02; own '' sit local $FABRIC remote $NODE02`,
  },
  {
    what: 'read packets of another lab',
    from: ['node'],
    // The word in the packet of the node's own lab proves that the attempt reads packets at all.
    script: `ip link set eth0 promisc on
      (timeout 10 tcpdump -i any -n -l -A -c 200 udp port 9 2> $work/tcpdump > $work/packets) & reader=$!
      for try in $(seq 100); do grep -q 'listening on' $work/tcpdump && break; sleep 0.05; done
      hold
      for try in $(seq 100); do grep -q own-lab $work/packets && break; sleep 0.05; done
      grep -q own-lab $work/packets && refused 'reads packets of its own lab'
      grep -q other-lab $work/packets && escaped 'reads packets of the other lab'
      kill $reader; ip link set eth0 promisc off`,
    meanwhile: async ({ own, other, inNode }) => {
      const send = (word: string) =>
        perl(`socket my $socket, PF_INET, SOCK_DGRAM, 0; setsockopt $socket, SOL_SOCKET, SO_BROADCAST, 1;
          send $socket, '${word}', 0, sockaddr_in(9, inet_aton('192.168.56.255')) or die "$!";`);
      await inNode(other, 'node01', send('other-lab'));
      const sent = await inNode(own, 'node02', send('own-lab'));
      return sent.exitCode === 0 ? undefined : `the control packet was not sent: ${sent.stderr}`;
    },
  },
  {
    what: "take another node's address in the eyes of the fabric",
    from: ['node'],
    // A request of ARP tells who asks, so the fabric learns from it.
    script: `${perl(`
      my ($mac, $index) = split ' ', \`cat /sys/class/net/eth0/address /sys/class/net/eth0/ifindex\`; $mac =~ tr/://d;
      socket my $socket, 17, SOCK_RAW, unpack('S', pack('n', 0x0806)) or die "$!";
      my $frame = pack('H12 H12 n n n C C n H12 a4 H12 a4', 'ffffffffffff', $mac, 0x0806, 1, 0x0800, 6, 4, 1, $mac,
        inet_aton($ENV{NODE02}), '000000000000', inet_aton($ENV{FABRIC}));
      my $to = pack('S n l S C C a8', 17, 0x0806, $index, 1, 0, 6, "\\xff" x 6);
      for (1 .. 3) { send $socket, $frame, 0, $to or die "$!" }
      print "refused: sent requests\\n";`)}
      hold`,
    meanwhile: async ({ neighbours }) => {
      const seen = await neighbours('192.168.56.12');
      const forged = macOf(parseIpv4('192.168.56.11'));
      return seen.includes(forged) ? `the fabric sends packets for node02 to ${forged}` : undefined;
    },
  },
];
