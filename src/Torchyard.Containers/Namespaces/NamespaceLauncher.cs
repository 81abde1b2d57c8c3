using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Namespaces;

/// <summary>Starts a program in a private mount namespace that was prepared by a <see cref="NamespacePlan"/>.</summary>
internal static class NamespaceLauncher
{
    /// <summary>As root: a thread of this process prepares the namespace and starts the program from there.</summary>
    /// <param name="plan">What to prepare.</param>
    /// <param name="start">Program to start; its working directory must be absolute.</param>
    public static Process StartAsRoot(NamespacePlan plan, ProcessStartInfo start)
    {
        Process? process = null;
        ExceptionDispatchInfo? failure = null;
        // A thread of its own: pool threads outlive the call and would stay in the namespace.
        var thread = new Thread(() =>
        {
            try
            {
                NamespaceSetup.Apply(plan);
                process = HostProcess.Start(start);
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return process ?? throw new InvalidOperationException("the program did not start");
    }

    /// <summary>In a user namespace: nsenter enters it as its root, the hidden verb prepares the mounts and becomes the program.</summary>
    /// <param name="userNamespace">Namespace file, e.g. <c>/proc/123/ns/user</c>.</param>
    /// <param name="full">True when ids beside the caller's are mapped.</param>
    /// <param name="plan">What to prepare.</param>
    /// <param name="planFile">Where to write the plan.</param>
    /// <param name="start">Program to start; its file name must be absolute.</param>
    /// <param name="self">This program.</param>
    public static Process StartInUserNamespace(
        string userNamespace,
        bool full,
        NamespacePlan plan,
        string planFile,
        ProcessStartInfo start,
        SelfProgram self
    )
    {
        AtomicFile.Write(planFile, JsonSerializer.SerializeToUtf8Bytes(plan, NamespaceJson.Default.NamespacePlan));
        HostProcess.Wrap(
            start,
            HostProgram.Require("nsenter"),
            [.. NsenterArguments(userNamespace, full), self.Path, SelfVerbs.Enter, planFile]
        );
        return HostProcess.Start(start);
    }

    /// <summary>
    /// Arguments of nsenter(1) that give root inside a user namespace, and keep the caller's groups: a directory that the caller reaches
    /// through one of them is reached from inside, too. nsenter itself drops them whenever it sets a group, so that setpriv(1) sets it.
    /// </summary>
    public static IReadOnlyList<string> NsenterArguments(string userNamespace, bool full) =>
        (full, HostProgram.Find("setpriv")) switch
        {
            // Without subordinate ids setgroups(2) is denied, and the caller is the namespace's root already.
            (false, _) => ["--user=" + userNamespace, "--preserve-credentials", "--"],
            (true, { } setpriv) =>
            [
                "--user=" + userNamespace,
                "--preserve-credentials",
                "--setuid",
                "0",
                "--",
                setpriv.Path,
                "--regid",
                "0",
                "--keep-groups",
                "--",
            ],
            _ => ["--user=" + userNamespace, "--setuid", "0", "--setgid", "0", "--"],
        };

    /// <summary>The user namespace of a process.</summary>
    public static string UserNamespaceOf(int processId) => string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/ns/user");
}
