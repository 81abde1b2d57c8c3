using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Torchyard.Platform.Files;

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
                process = Process.Start(start);
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return process ?? throw new InvalidOperationException($"{start.FileName} did not start");
    }

    /// <summary>In a user namespace: nsenter enters it as its root, the hidden verb prepares the mounts and becomes the program.</summary>
    /// <param name="userNamespace">Namespace file, e.g. <c>/proc/123/ns/user</c>.</param>
    /// <param name="full">True when ids beside the caller's are mapped.</param>
    /// <param name="plan">What to prepare.</param>
    /// <param name="planFile">Where to write the plan.</param>
    /// <param name="start">Program to start; its file name must be absolute.</param>
    /// <param name="self">This program.</param>
    public static Process StartInUserNamespace(
        string userNamespace, bool full, NamespacePlan plan, string planFile, ProcessStartInfo start, SelfProgram self)
    {
        AtomicFile.Write(planFile, JsonSerializer.SerializeToUtf8Bytes(plan, NamespaceJson.Default.NamespacePlan));
        var arguments = new List<string>(NsenterArguments(userNamespace, full)) { self.Path, HiddenVerbs.Enter, planFile, start.FileName };
        arguments.AddRange(start.ArgumentList);
        start.FileName = "nsenter";
        start.ArgumentList.Clear();
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("nsenter did not start");
    }

    /// <summary>Arguments of nsenter(1) that give root inside a user namespace, up to and with <c>--</c>.</summary>
    public static IReadOnlyList<string> NsenterArguments(string userNamespace, bool full) => full
        ? ["--user=" + userNamespace, "--setuid", "0", "--setgid", "0", "--"]
        // Without subordinate ids setgroups(2) is denied, and the caller is the namespace's root already.
        : ["--user=" + userNamespace, "--preserve-credentials", "--"];

    /// <summary>The user namespace of a process.</summary>
    public static string UserNamespaceOf(int processId) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/ns/user");
}
