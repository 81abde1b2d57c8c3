using System.Diagnostics;
using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// A user namespace with the caller's id ranges, held open by a process that waits on its standard input,
/// so it goes away with this program. unshare(1) makes it because a program with threads may not (unshare(2)).
/// </summary>
internal sealed class UserNamespace : IDisposable
{
    private readonly Process _holder;

    private UserNamespace(Process holder, IdMapping mapping)
    {
        _holder = holder;
        Mapping = mapping;
    }

    /// <summary>The ranges.</summary>
    public IdMapping Mapping { get; }

    /// <summary>The namespace file.</summary>
    public string Path => NamespaceLauncher.UserNamespaceOf(_holder.Id);

    /// <summary>Makes a namespace with the given ranges.</summary>
    /// <exception cref="TorchyardException">TY4004: the machine does not let this user make one.</exception>
    public static async Task<UserNamespace> CreateAsync(IdMapping mapping, CancellationToken cancellation)
    {
        var unshare = HostProgram.Find("unshare")
            ?? throw new TorchyardException(
                "TY4004",
                "unshare(1) of util-linux is not on this machine",
                "install util-linux, or run as root"
            );
        var start = HostProcess.Prepare(unshare, "/", "--user", "--", HostProgram.Require("cat").Path);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var holder = HostProcess.Start(start);
        try
        {
            // cat runs inside the namespace, so its echo says that the namespace is there.
            if (!await AnswersAsync(holder, cancellation))
            {
                await HostProcess.WaitAsync(holder, ProgramBounds.Answer, "unshare", cancellation);
                throw Refused((await HostProcess.RemainderAsync(holder.StandardError)).Trim());
            }

            if (mapping.Full)
            {
                await MapAsync("newuidmap", holder.Id, mapping.Uids, cancellation);
                await MapAsync("newgidmap", holder.Id, mapping.Gids, cancellation);
            }
            else
            {
                var directory = string.Create(CultureInfo.InvariantCulture, $"/proc/{holder.Id}/");
                File.WriteAllText(directory + "setgroups", "deny");
                File.WriteAllText(directory + "uid_map", string.Join(' ', IdMapping.Arguments(mapping.Uids)));
                File.WriteAllText(directory + "gid_map", string.Join(' ', IdMapping.Arguments(mapping.Gids)));
            }

            return new UserNamespace(holder, mapping);
        }
        catch
        {
            End(holder);
            throw;
        }
    }

    private static async Task<bool> AnswersAsync(Process holder, CancellationToken cancellation)
    {
        try
        {
            await holder.StandardInput.BaseStream.WriteAsync("."u8.ToArray(), cancellation);
            await holder.StandardInput.BaseStream.FlushAsync(cancellation);
        }
        catch (IOException)
        {
            // A broken pipe: unshare was refused and ended before it read.
            return false;
        }

        var echo = new byte[1];
        return await holder.StandardOutput.BaseStream.ReadAsync(echo, cancellation) == 1;
    }

    /// <summary>The caller's mapping with <paramref name="callerInside"/> as the caller's id inside.</summary>
    public static IdMapping CallerMapping(uint callerInside)
    {
        var uid = UserCalls.EffectiveUser();
        var gid = UserCalls.EffectiveGroup();
        var name = Environment.UserName;
        var tools = HostProgram.Find("newuidmap") is not null && HostProgram.Find("newgidmap") is not null;
        return IdMapping.Create(
            uid,
            gid,
            callerInside,
            tools ? SubordinateIds.Read("/etc/subuid", name, uid) : null,
            tools ? SubordinateIds.Read("/etc/subgid", name, uid) : null
        );
    }

    /// <summary>Removes a tree that holds files of ids that only the namespace knows.</summary>
    public static async Task RemoveTreeAsync(string directory, CancellationToken cancellation)
    {
        using var space = await CreateAsync(CallerMapping(0), cancellation);
        var arguments = NamespaceLauncher.NsenterArguments(space.Path, space.Mapping.Full);
        await HostCommand.RunAsync(
            HostProgram.Require("nsenter"),
            [.. arguments, HostProgram.Require("rm").Path, "-rf", "--one-file-system", "--", directory],
            bounds: ProgramBounds.Environment,
            cancellation: cancellation
        );
    }

    /// <inheritdoc />
    public void Dispose() => End(_holder);

    private static async Task MapAsync(string tool, int processId, IReadOnlyList<IdRange> ranges, CancellationToken cancellation)
    {
        var result = await HostCommand.RunAsync(
            HostProgram.Require(tool),
            [processId.ToString(CultureInfo.InvariantCulture), .. IdMapping.Arguments(ranges)],
            cancellation: cancellation
        );
        if (result.ExitCode != 0)
        {
            throw new TorchyardException(
                "TY4005",
                $"{tool} did not map the subordinate ids: {result.Error.Trim()}",
                $"check that {tool} is setuid root and that /etc/subuid and /etc/subgid have a row for this user (usermod --add-subuids)"
            );
        }
    }

    private static TorchyardException Refused(string reason) =>
        new(
            "TY4004",
            // The kernel's word for a limit that is reached is that of a full disk.
            $"this machine does not let an ordinary user make a user namespace: {reason}"
                + (
                    reason.Contains("No space left on device", StringComparison.Ordinal)
                        ? " (the limit user.max_user_namespaces is reached)"
                        : ""
                ),
            "as root: sysctl -w user.max_user_namespaces=28633 kernel.unprivileged_userns_clone=1 "
                + "(Ubuntu 24.04: kernel.apparmor_restrict_unprivileged_userns=0); or run torchyard as root"
        );

    private static void End(Process holder)
    {
        try
        {
            holder.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended already.
        }

        holder.Dispose();
    }
}
