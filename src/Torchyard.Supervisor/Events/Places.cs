using System.Globalization;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Events;

/// <summary>The directories that the supervisor writes to, and what was wrong with the usual ones.</summary>
internal sealed record Places
{
    /// <summary>Socket, token and configuration of this start; null where nothing is writable.</summary>
    public string? Run { get; private init; }

    /// <summary>Host keys and certificates, which outlive the container when it is a mount; null where nothing is writable.</summary>
    public string? State { get; private init; }

    /// <summary>Logs of the services; null where they go to standard output.</summary>
    public string? Log { get; private init; }

    /// <summary>What is missing, for the user.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>Looks for writable places: those that variables name, the usual ones, a directory under /tmp.</summary>
    public static Places Find(IReadOnlyDictionary<string, string> environment)
    {
        var warnings = new List<string>();
        var fallback = "/tmp/torchyard-" + Libc.UserId().ToString(CultureInfo.InvariantCulture);
        var run = Usable(environment.GetValueOrDefault("TORCHYARD_RUN_DIR") ?? "/run/torchyard", 0b111_000_000, warnings, "tmpfs")
            ?? Usable(fallback, 0b111_000_000, warnings, "tmpfs", isShared: true);
        var state = Usable(environment.GetValueOrDefault("TORCHYARD_STATE_DIR") ?? "/var/lib/torchyard", 0b111_000_000, warnings, "volume");
        if (state is null && run is not null)
        {
            state = run + "/state";
            warnings.Add("host keys and certificates are made anew at each start, as there is no place to keep them");
            state = Usable(state, 0b111_000_000, warnings, "volume");
        }

        var log = Usable(
            environment.GetValueOrDefault("TORCHYARD_LOG_DIR") ?? "/var/log/torchyard",
            0b111_101_101,
            warnings,
            "tmpfs or volume"
        );
        if (log is null)
        {
            warnings.Add("services write to standard output instead of their logs");
        }

        return new Places
        {
            Run = run,
            State = state,
            Log = log,
            Warnings = warnings,
        };
    }

    private static string? Usable(string path, uint mode, List<string> warnings, string what, bool isShared = false)
    {
        try
        {
            PosixFile.EnsureDirectory(path, mode);
            if (isShared)
            {
                RequireOwn(path, mode);
            }

            if (PosixFile.IsWritableDirectory(path))
            {
                return path;
            }

            throw PosixException.Last("cannot write to " + path);
        }
        catch (PosixException e)
        {
            var user = Libc.UserId().ToString(CultureInfo.InvariantCulture);
            warnings.Add($"{e.Message}; give the container a {what} there that user {user} may write to");
            return null;
        }
    }

    /// <summary>In /tmp another user may have made the directory, or a link: only its owner can change its mode.</summary>
    private static void RequireOwn(string path, uint mode)
    {
        var descriptor = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);
        if (descriptor < 0)
        {
            throw PosixException.Last("cannot use " + path);
        }

        try
        {
            if (Libc.ChangeMode(descriptor, mode) != 0)
            {
                throw PosixException.Last("cannot use " + path);
            }
        }
        finally
        {
            Libc.Close(descriptor);
        }
    }
}
