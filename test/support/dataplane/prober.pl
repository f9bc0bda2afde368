# Sends packets into a network namespace and prints each packet that comes out of it. In perl, because Node has neither
# packet sockets nor raw sockets.
#   prober.pl NODE OTHERS LINK=PEER…     NODE has the rules; OTHERS has the other ends of its veth pairs
# Commands, one a line:
#   f PEER HEX        sends a frame by a link of OTHERS
#   l SOURCE MARK HEX sends a packet of a process in NODE
#   b                 waits until the kernel has done with all packets; prints `s PLACE HEX` for each one, then `done`
# PLACE is the PEER, or `local` for a packet that NODE delivered to itself.
use strict;
use warnings;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6 IPPROTO_IPV6);
use Fcntl;
$| = 1;

my ($node, $others, @pairs) = @ARGV;
my $arm = `uname -m` =~ /aarch64/;
my ($AF_PACKET, $ETH_P_ALL, $marker) = (17, 3, 0x88b5);

sub enter {
    my ($name) = @_;
    open(my $handle, '<', "/run/netns/$name") or die "netns $name: $!";
    syscall($arm ? 268 : 308, fileno($handle), 0) == 0 or die "setns $name: $!";
}

sub grow {
    my ($socket) = @_;
    setsockopt($socket, SOL_SOCKET, 33, pack('i', 64 << 20)) or die "SO_RCVBUFFORCE: $!";
    my $flags = fcntl($socket, F_GETFL, 0);
    fcntl($socket, F_SETFL, $flags | O_NONBLOCK) or die "fcntl: $!";
    return $socket;
}

sub packet_socket {
    my ($link, $protocol) = @_;
    open(my $file, '<', '/proc/net/dev') or die;
    socket(my $socket, $AF_PACKET, SOCK_RAW, unpack('S', pack('n', $protocol))) or die "packet socket: $!";
    my $request = pack('a16 x24', $link);
    ioctl($socket, 0x8933, $request) or die "$link: $!";
    my $index = unpack('x16 i', $request);
    bind($socket, pack('S n i S C C a8', $AF_PACKET, $protocol, $index, 0, 0, 0, '')) or die "bind $link: $!";
    return grow($socket);
}

my (%outside, %inside, @local, @local6);
enter($others);
for my $pair (@pairs) {
    my ($link, $peer) = split /=/, $pair;
    $outside{$peer} = packet_socket($peer, $ETH_P_ALL);
}
enter($node);
for my $pair (@pairs) {
    my ($link, $peer) = split /=/, $pair;
    $inside{$peer} = packet_socket($link, $marker);
}
for my $protocol (1, 6, 17) {
    socket(my $socket, AF_INET, SOCK_RAW, $protocol) or die "raw socket: $!";
    push @local, grow($socket);
}
for my $protocol (58, 6, 17) {
    socket(my $socket, AF_INET6, SOCK_RAW, $protocol) or die "raw6 socket: $!";
    setsockopt($socket, 41, 49, pack('i', 1)) or die "IPV6_RECVPKTINFO: $!";
    push @local6, [$protocol, grow($socket)];
}

my %senders;
sub sender {
    my ($family, $source, $mark) = @_;
    return $senders{"$source $mark"} //= do {
        socket(my $socket, $family, SOCK_RAW, 255) or die "sender: $!";
        setsockopt($socket, SOL_SOCKET, 36, pack('i', $mark)) or die "SO_MARK: $!";
        # IP_TRANSPARENT and IP_FREEBIND are not set: a process has an address of its machine.
        my $address = $family == AF_INET ? pack_sockaddr_in(0, inet_aton($source)) : pack_sockaddr_in6(0, inet_pton(AF_INET6, $source));
        if ($source ne '-') { bind($socket, $address) or die "bind $source: $!"; }
        $socket;
    };
}

# A raw socket of IPv6 hands out no header. Only recvmsg, which perl lacks, tells the destination.
sub receive6 {
    my ($socket, $protocol) = @_;
    my ($from, $data, $control) = ('', '', '');
    vec($from, 27, 8) = vec($data, 65535, 8) = vec($control, 127, 8) = 0;
    my $vector = pack('P Q', $data, length $data);
    my $message = pack('P L x4 P Q P Q i x4', $from, 28, $vector, 1, $control, 128, 0);
    my $length = syscall($arm ? 212 : 47, fileno($socket), $message, 0);
    return undef if $length < 0;
    # struct cmsghdr, then in6_pktinfo: the address first.
    my $header = pack('N n C C', 0x60000000, $length, $protocol, 0);
    return $header . substr($from, 8, 16) . substr($control, 16, 16) . substr($data, 0, $length);
}

my $round = 0;
my @seen;
sub drain {
    my ($waiting) = @_;
    for my $peer (keys %outside) {
        while (defined(my $from = recv($outside{$peer}, my $frame, 65536, 0))) {
            next if unpack('x10 C', $from) == 4;
            my $type = unpack('x12 n', $frame);
            if ($type == $marker) { delete $waiting->{"out $peer"} if unpack('x14 N', $frame) == $round; }
            elsif ($type == 0x0800 || $type == 0x86dd) { push @seen, "s $peer " . unpack('H*', substr($frame, 14)); }
        }
    }
    for my $peer (keys %inside) {
        while (defined(my $from = recv($inside{$peer}, my $frame, 65536, 0))) {
            next if unpack('x10 C', $from) == 4;
            delete $waiting->{"in $peer"} if unpack('x14 N', $frame) == $round;
        }
    }
    for my $socket (@local) {
        while (defined recv($socket, my $packet, 65536, 0)) { push @seen, 's local ' . unpack('H*', $packet); }
    }
    for (@local6) {
        my ($protocol, $socket) = @$_;
        while (defined(my $packet = receive6($socket, $protocol))) { push @seen, 's local ' . unpack('H*', $packet); }
    }
}

# Frames of an unused type go the same way through the kernel's queues. When they have come out, all packets have.
sub barrier {
    for (1 .. 3) {
        $round += 1;
        my %waiting;
        my $mark = ("\xff" x 6) . ("\x02" x 6) . pack('n N x42', $marker, $round);
        for my $peer (keys %outside) { $waiting{"in $peer"} = 1; send($outside{$peer}, $mark, 0) or die "marker: $!"; }
        my $deadline = time + 20;
        while (grep { /^in/ } keys %waiting) { drain(\%waiting); die "a marker was lost\n" if time > $deadline; }
        for my $peer (keys %inside) { $waiting{"out $peer"} = 1; send($inside{$peer}, $mark, 0) or die "marker: $!"; }
        while (%waiting) { drain(\%waiting); die "a marker was lost\n" if time > $deadline; }
    }
    print join("\n", @seen, 'done'), "\n";
    @seen = ();
}

print "ready\n";
while (defined(my $line = <STDIN>)) {
    chomp $line;
    my ($verb, @words) = split " ", $line;
    if ($verb eq 'f') {
        send($outside{$words[0]}, pack('H*', $words[1]), 0) or push @seen, "e $!";
    } elsif ($verb eq 'l') {
        my $packet = pack('H*', $words[2]);
        my $v6 = $words[0] =~ /:/;
        my $socket = sender($v6 ? AF_INET6 : AF_INET, $words[0], $words[1]);
        my ($address) = unpack($v6 ? 'x24 a16' : 'x16 a4', $packet);
        my $to = $v6 ? pack_sockaddr_in6(0, $address) : pack_sockaddr_in(0, $address);
        send($socket, $packet, 0, $to) or push @seen, 'e ' . ($!+0);
    } elsif ($verb eq 'b') {
        barrier();
    } else {
        die "unknown command $line\n";
    }
}
