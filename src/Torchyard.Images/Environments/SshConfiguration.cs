namespace Torchyard.Images.Environments;

/// <summary>
/// <c>/etc/torchyard/sshd_config</c> (sshd_config(5)). The supervisor writes port, address, host keys and environment of each start
/// to a file that includes this one; in sshd the first value of an option counts.
/// </summary>
internal static class SshConfiguration
{
    public const string Text = """
        # Keys only. Runs as the container's user, so that user alone can log in.
        AuthenticationMethods publickey
        PubkeyAuthentication yes
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        HostbasedAuthentication no
        PermitEmptyPasswords no
        PermitRootLogin no
        UsePAM no
        # The keys are on a mount that belongs to the container's user by number, which sshd would take for a stranger's.
        StrictModes no
        PermitUserEnvironment no
        AllowTcpForwarding yes
        AllowAgentForwarding yes
        AllowStreamLocalForwarding yes
        GatewayPorts no
        X11Forwarding no
        PrintMotd no
        PidFile none
        LoginGraceTime 30
        MaxAuthTries 6
        ClientAliveInterval 60
        ClientAliveCountMax 10
        Subsystem sftp internal-sftp

        """;
}
