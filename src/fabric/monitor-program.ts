// The program that notices changes in network namespaces. In perl, because Node has neither netlink nor setns(2). One
// process for all namespaces of a lab: `ip monitor` and `nft monitor` would be two for each pod.
//
// Input: `+ID PATH` watches a namespace whose file has the inode in ID (`net:[4026532450]`), `-ID` ends that. The
// arguments are sysctl files. Output: `ID KIND` for each change. After `ID ready`, no change is missed.
export const monitorProgram = String.raw`
use strict;
use warnings;
use Errno;
use Socket;
$| = 1;
chomp(my $machine = qx(uname -m));
my $setns = { x86_64 => 308, aarch64 => 268 }->{$machine} or die "the number of setns on $machine is not known\n";
my ($AF_NETLINK, $SOL_NETLINK, $ROUTE, $DIAG, $NETFILTER) = (16, 270, 0, 4, 12);
my $pause = 0.5;
my (%spaces, %news);

# A socket belongs to the namespace in which it was opened.
sub listen_to {
    my ($protocol, @groups) = @_;
    socket(my $socket, $AF_NETLINK, SOCK_RAW, $protocol) or die "netlink $protocol: $!\n";
    bind($socket, pack('S S L L', $AF_NETLINK, 0, 0, 0)) or die "bind: $!\n";
    setsockopt($socket, $SOL_NETLINK, 1, pack('i', $_)) for @groups;
    setsockopt($socket, SOL_SOCKET, SO_RCVTIMEO, pack('l! l!', 1, 0));
    return $socket;
}

sub add {
    my ($id, $path) = @_;
    open(my $file, '<', $path) or return print "$id gone\n";
    my $inode = (stat $file)[1];
    return print "$id gone\n" unless $id eq "net:[$inode]" && syscall($setns, fileno $file, 0x40000000) == 0;
    $spaces{$id} = {
        file => $file,
        # Links, traffic control, addresses, routes and rules of both families, and the sysctls that are announced.
        route => listen_to($ROUTE, 1, 4, 5, 7, 8, 9, 11, 19, 24, 25),
        # Commits of nf_tables, also those of iptables-nft.
        rules => listen_to($NETFILTER, 7),
        diag => listen_to($DIAG),
    };
    look($id);
    delete $news{$id};
    print "$id ready\n";
}

# What the kernel does not announce: listening sockets, most sysctls, and the tables of iptables-legacy.
sub look {
    my ($id) = @_;
    my $space = $spaces{$id};
    return unless syscall($setns, fileno $space->{file}, 0x40000000) == 0;
    my $legacy = join ' ', map { text("/proc/self/net/$_") } 'ip_tables_names', 'ip6_tables_names';
    $news{$id}{legacy} = 1 if $legacy =~ /\w/;
    my $sysctls = join ' ', map { text($_) } @ARGV;
    my %seen = (listeners => listeners($space->{diag}), sysctls => $sysctls, legacy => $legacy);
    for my $kind (keys %seen) {
        $news{$id}{$kind} = 1 if ($space->{seen}{$kind} // '') ne $seen{$kind};
    }
    $space->{seen} = \%seen;
}

sub text {
    open(my $file, '<', $_[0]) or return '';
    sysread($file, my $text, 4096);
    return $text // '';
}

# sock_diag(7): TCP in state LISTEN (10), UDP without a peer (7). Short-lived clients have a high UDP port.
sub listeners {
    my ($socket) = @_;
    my @all;
    for my $ask ([2, 6, 10], [10, 6, 10], [2, 17, 7], [10, 17, 7]) {
        my ($family, $protocol, $state) = @$ask;
        send($socket, pack('L S S L L C C x2 L x48', 72, 20, 0x301, 0, 0, $family, $protocol, 1 << $state), 0);
        ANSWER: while (defined recv($socket, my $message, 1 << 16, 0)) {
            while (length $message >= 16) {
                my ($length, $type) = unpack 'L S', $message;
                # An error, or the end of the list.
                last ANSWER if $length < 16 || $type == 2 || $type == 3;
                my $port = unpack 'n', substr $message, 20, 2;
                push @all, "$protocol $port " . unpack 'H*', substr $message, 24, 16 if $protocol == 6 || $port < 32768;
                $message = substr $message, ($length + 3) & ~3;
            }
        }
    }
    return join ',', sort @all;
}

# A failed read means that the buffer was too small, so anything may have changed.
sub drain {
    my ($id, $name, $socket) = @_;
    while (1) {
        my $got = recv($socket, my $message, 1 << 16, 0x40);
        return if !defined $got && !$!{ENOBUFS};
        my $type = defined $got ? (unpack 'L S', $message)[1] : 0;
        my @kinds = $name eq 'rules' ? 'rules' : $type == 0 ? qw(links routes sysctls)
          : $type >= 80 ? 'sysctls' : $type >= 24 && $type < 36 ? 'routes' : 'links';
        $news{$id}{$_} = 1 for @kinds;
    }
}

my $input = '';
my $left = $pause;
while (1) {
    my $readable = '';
    vec($readable, fileno $_, 1) = 1 for \*STDIN, map { @{$_}{qw(route rules)} } values %spaces;
    # Linux says how much of the pause is left.
    $left = (select $readable, undef, undef, $left)[1];
    if (vec($readable, 0, 1)) {
        sysread(STDIN, $input, 1 << 16, length $input) or exit 0;
        while ($input =~ s/^([+-])(\S+) ?(\S*)\n//) {
            if ($1 eq '+') { add($2, $3) } else { delete $spaces{$2} }
        }
    }
    for my $id (keys %spaces) {
        for my $name ('route', 'rules') {
            my $socket = $spaces{$id}{$name};
            drain($id, $name, $socket) if vec($readable, fileno $socket, 1);
        }
    }
    if ($left <= 0) {
        look($_) for keys %spaces;
        $left = $pause;
    }
    next unless %news;
    for my $id (keys %news) {
        print map { "$id $_\n" } sort keys %{ $news{$id} };
    }
    %news = ();
    # A storm of changes is told at most fifty times a second.
    select undef, undef, undef, 0.02;
}
`;
