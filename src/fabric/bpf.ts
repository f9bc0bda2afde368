// Finds programs of BPF that may decide about packets, and that neither ip nor tc nor nft lists.

/**
 * A line for each place with a program: `tcx/ingress LINK`, `netkit/peer LINK`, or `netfilter` for a link of BPF to a
 * hook of netfilter. The kernel does not say in which namespace such a hook is. Numbers are those of linux/bpf.h:
 * bpf_cmd 15, 16, 30 and 31; bpf_attach_type 46, 47, 54 and 55; BPF_LINK_TYPE_NETFILTER 10. Older kernels lack them.
 */
const finder = `
my $number = \`uname -m\` =~ /aarch64/ ? 280 : 321;
# The kernel writes into the second argument, so it must not be copied.
my $bpf = sub { syscall($number, $_[0], $_[1], length $_[1]) };
my %places = (46 => "tcx/ingress", 47 => "tcx/egress", 54 => "netkit/primary", 55 => "netkit/peer");
while (<STDIN>) {
  my ($index, $name) = /^(\\d+): ([^:@]+)/ or next;
  for my $type (sort keys %places) {
    my $query = pack "IIIIQIIQQQQ", $index, $type, (0) x 9;
    print "$places{$type} $name\\n" if $bpf->(16, $query) == 0 && unpack "x24I", $query;
  }
}
for (my $id = 0; ; ) {
  my $next = pack "III", $id, 0, 0;
  last if $bpf->(31, $next) < 0;
  $id = unpack "x4I", $next;
  my $open = pack "III", $id, 0, 0;
  my $link = $bpf->(30, $open);
  next if $link < 0;
  my $info = "\\0" x 128;
  my $asked = pack "IIQ", $link, length $info, unpack "Q", pack "P", $info;
  if ($bpf->(15, $asked) == 0 && unpack("I", $info) == 10) { print "netfilter\\n"; last }
  syscall($number == 280 ? 57 : 3, $link);
}`;

export const bpfPrograms = `ip -o link | perl -e '${finder}'`;
