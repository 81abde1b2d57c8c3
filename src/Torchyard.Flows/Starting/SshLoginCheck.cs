using System.Globalization;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Projects;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Flows.Starting;

/// <summary>
/// Logs in to a started environment as a person does, with a key and on a terminal: that sshd greets says nothing about either. The key is
/// of this check alone, since a person's own may have a passphrase or be in an agent; it is let in for one harmless program, and taken
/// back.
/// </summary>
/// <param name="keys">The keys that stay.</param>
/// <param name="serviceState">Host directory that the environment has as /var/lib/torchyard; programs inside may write there.</param>
internal sealed class SshLoginCheck(AccessKeys keys, UntrustedDirectory serviceState)
{
    // It prints the name of its terminal, or that there is none.
    private const string Program = "tty";

    private const string Accepted = "Accepted publickey ";

    // Once sshd has let the key in, all that stands before the answer is the user's shell with its start files; on a busy machine that
    // takes seconds.
    private static readonly TimeSpan ShellPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private readonly (string Secret, string Public) _pair = AccessKeys.MakePair();

    /// <summary>Lets only the keys in that stay.</summary>
    public void Withdraw() => Write(keys.AuthorizedKeys);

    /// <summary>Lets the check's key in as well, before the environment starts.</summary>
    public void Admit() => Write($"{keys.AuthorizedKeys}restrict,pty,command=\"{Program}\" {_pair.Public}\n");

    /// <summary>Logs in.</summary>
    /// <param name="session">The environment.</param>
    /// <param name="project">Its project.</param>
    /// <param name="service">Where its sshd listens.</param>
    /// <param name="warn">Told when a start file of the user's shell keeps a login from its command: that is the user's own, and no fault
    /// of the environment.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TorchyardException">TY4105: it does not answer; TY4113: it lets nobody in, or gives no terminal.</exception>
    public async Task<EnvironmentCheck> RunAsync(
        ContainerSession session,
        Project project,
        ServiceAddress service,
        Action<string> warn,
        CancellationToken cancellation
    )
    {
        var greeting = await EnvironmentCheck.SshAsync(session.Record.Name, service, cancellation);
        // Short enough for a line of a terminal, with the time that it took.
        var server = greeting.Result.Split(' ')[^1];
        if (HostProgram.Find("ssh") is not { } client)
        {
            return greeting with { Result = $"{greeting.Result}; not logged in: this machine has no ssh client" };
        }

        var directory = session.OwnDirectory;
        var secret = Path.Combine(directory, "ssh-check");
        try
        {
            AtomicFile.Write(secret, System.Text.Encoding.ASCII.GetBytes(_pair.Secret), (UnixFileMode)FileModes.Private);
            var knownHosts = Path.Combine(directory, "known_hosts");
            AtomicFile.WriteText(knownHosts, SshLogin.KnownHosts(project.ServiceState, session.Record.Name));
            var login = await LogInAsync(
                client,
                SshLogin.Arguments(service, session.Record.Name, knownHosts, secret, Options),
                project,
                cancellation
            );
            if (HasTerminal(login))
            {
                return greeting with { Result = $"{server}; a key gets in and has a terminal" };
            }

            var log = await LogAsync(project, cancellation);
            if (!IsStoppedByShell(login, log, Fingerprint))
            {
                throw Failure(session.Record.Name, login, log);
            }

            warn(
                $"SSH lets a key in to {session.Record.Name}, but the start files of the shell {(login.IsOver ? "end" : "hold")} the "
                    + "login before its command: "
                    + $"see {Path.Combine(project.Home, ".bashrc")}; scp, rsync and remote editors fail in the same way"
            );
            return greeting with { Result = $"{server}; a key gets in, and ~/.bashrc {(login.IsOver ? "ends" : "holds")} the login" };
        }
        finally
        {
            File.Delete(secret);
            Withdraw();
        }
    }

    private void Write(string text)
    {
        using var state = serviceState.Open();
        state.Write("authorized_keys", System.Text.Encoding.UTF8.GetBytes(text));
    }

    // Nothing of the caller's own: neither configuration nor agent.
    private static string[] Options =>
        [
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentityAgent=none",
            "-o",
            "LogLevel=INFO",
            "-o",
            string.Create(CultureInfo.InvariantCulture, $"ConnectTimeout={ProgramBounds.Login.Time.TotalSeconds:0}"),
            "-tt",
            Program,
        ];

    private string Fingerprint => AccessKeys.Fingerprint(_pair.Public);

    private async Task<Login> LogInAsync(
        HostProgram client,
        IReadOnlyList<string> arguments,
        Project project,
        CancellationToken cancellation
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var login = HostCommand.RunAsync(client, arguments, bounds: ProgramBounds.Login, cancellation: patience.Token);
        var isLetIn = false;
        while (!isLetIn && !login.IsCompleted)
        {
            await Task.WhenAny(login, Task.Delay(Poll, cancellation));
            if (IsLetIn(await LogAsync(project, cancellation), Fingerprint))
            {
                isLetIn = true;
                patience.CancelAfter(ShellPatience);
            }
        }

        try
        {
            var result = await login;
            return new Login(result.ExitCode, result.Output, result.Error) { IsOver = true };
        }
        catch (Exception failure)
            when (failure is TorchyardException { Code: PlatformCodes.TookTooLong or PlatformCodes.PrintedTooMuch }
                || (failure is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            return new Login(
                255,
                "",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"nothing came of it within {(isLetIn ? ShellPatience : ProgramBounds.Login.Time).TotalSeconds:0} seconds"
                )
            );
        }
    }

    private static async Task<IReadOnlyList<string>> LogAsync(Project project, CancellationToken cancellation)
    {
        var said = new List<string>();
        try
        {
            await foreach (var line in ServiceLog.ReadAsync(project.ServiceLogs, "ssh", tail: 40, follow: null, cancellation))
            {
                said.Add(line);
            }
        }
        catch (TorchyardException none) when (none.Code == ServiceLog.NoLog)
        {
            // Then the client's own words have to do.
        }

        return said;
    }

    /// <summary>The program has printed its terminal; the start files of the shell may have printed before it.</summary>
    internal static bool HasTerminal(Login login) =>
        login.Output.Split('\n').Any(line => line.Trim().StartsWith("/dev/pts/", StringComparison.Ordinal));

    /// <summary>
    /// sshd has let the key in and given it the terminal that it asked for, and the program was not reached: between the two is only the
    /// user's shell.
    /// </summary>
    internal static bool IsStoppedByShell(Login login, IReadOnlyList<string> log, string fingerprint) =>
        IsLetIn(log, fingerprint)
        && ServerComplaints(log).Count == 0
        && !login.Error.Contains("PTY allocation request failed", StringComparison.Ordinal)
        // 255 is ssh's own: it had no session, or lost it.
        && (!login.IsOver || login.ExitCode != 255);

    private static bool IsLetIn(IReadOnlyList<string> log, string fingerprint) =>
        log.Any(line => line.StartsWith(Accepted, StringComparison.Ordinal) && line.Contains(fingerprint, StringComparison.Ordinal));

    /// <summary>What to throw for a login that failed.</summary>
    /// <param name="name">Name of the environment.</param>
    /// <param name="login">What ssh printed.</param>
    /// <param name="log">The last lines of sshd's log.</param>
    internal static TorchyardException Failure(string name, Login login, IReadOnlyList<string> log)
    {
        var accepted = LastAccepted(log);
        var server = ServerComplaints(log);
        var client = (login.Error.Trim() is { Length: > 0 } error ? error : login.Output.Trim()).Split('\n')[^1].Trim();
        return new TorchyardException(
            "TY4113",
            $"SSH to {name} fails {(accepted < 0 ? "to log in with a key" : "to give a terminal")}: "
                + (server.Count > 0 ? $"sshd says \"{string.Join("; ", server)}\"" : $"ssh says \"{client}\""),
            $"see all of it: torchyard logs {name} ssh; torchyard exec -it {name} bash needs no SSH; the "
                + "environment runs all the same: torchyard down stops it"
        );
    }

    private static int LastAccepted(IReadOnlyList<string> log) =>
        log.ToList().FindLastIndex(line => line.StartsWith(Accepted, StringComparison.Ordinal));

    private static IReadOnlyList<string> ServerComplaints(IReadOnlyList<string> log) =>
        [.. log.Skip(LastAccepted(log) + 1).Where(line => line.Length > 0 && !IsUsual(line)).TakeLast(2)];

    // What sshd says of every login, this one too.
    private static bool IsUsual(string line) =>
        line.StartsWith("Server listening ", StringComparison.Ordinal)
        || line.StartsWith("Attempt to write login records by non-root user", StringComparison.Ordinal)
        || line.StartsWith("Connection ", StringComparison.Ordinal)
        || line.StartsWith("Disconnected ", StringComparison.Ordinal)
        || line.StartsWith("Received disconnect ", StringComparison.Ordinal);

    /// <summary>What came of a login.</summary>
    /// <param name="ExitCode">Exit status of ssh.</param>
    /// <param name="Output">What was printed on the terminal inside.</param>
    /// <param name="Error">What ssh said itself.</param>
    internal sealed record Login(int ExitCode, string Output, string Error)
    {
        /// <summary>It came to an end by itself.</summary>
        public bool IsOver { get; init; }
    }
}
