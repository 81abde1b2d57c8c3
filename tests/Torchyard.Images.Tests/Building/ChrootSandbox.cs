using System.Diagnostics;
using System.Globalization;
using Torchyard.Images.Sandbox;

namespace Torchyard.Images.Tests.Building;

/// <summary>A root sandbox for tests: unshare(1), an overlay and chroot(8). Needs root.</summary>
internal sealed class ChrootSandbox : IRootSandbox
{
    public static bool IsUsable => Environment.UserName == "root" && File.Exists("/usr/bin/unshare");

    public int Runs { get; private set; }

    public async Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation)
    {
        Runs++;
        if (request.Upper is null)
        {
            using var directory = new TemporaryDirectory();
            return await RunAsync(
                request with
                {
                    Upper = Directory.CreateDirectory(Path.Combine(directory.Path, "upper")).FullName,
                    Work = Directory.CreateDirectory(Path.Combine(directory.Path, "work")).FullName,
                },
                cancellation
            );
        }

        var root = Path.Combine(Path.GetDirectoryName(request.Upper)!, "merged");
        Directory.CreateDirectory(root);
        var script = new List<string>
        {
            "set -e",
            $"mount -t overlay -o lowerdir={string.Join(':', request.Lower)},upperdir={request.Upper},workdir={request.Work},volatile "
                + $"overlay {root}",
            $"mount -t proc proc {root}/proc",
            $"mount -t tmpfs -o mode=755 dev {root}/dev",
            $"for d in null zero full random urandom tty; do touch {root}/dev/$d; mount --bind /dev/$d {root}/dev/$d; done",
            $"mkdir {root}/dev/shm; mount -t tmpfs shm {root}/dev/shm",
        };
        foreach (var (from, to) in request.ReadOnlyMounts)
        {
            script.Add(
                Directory.Exists(from) ? $"mkdir -p {root}{to}" : $"mkdir -p $(dirname {root}{to}); [ -e {root}{to} ] || touch {root}{to}"
            );
            script.Add($"mount --bind -o ro {from} {root}{to}");
        }

        foreach (var (from, to) in request.WritableMounts)
        {
            script.Add($"mkdir -p {root}{to}; mount --bind {from} {root}{to}");
        }

        script.Add(
            $"exec env -i {string.Join(' ', request.Environment.Select(pair => $"'{pair.Key}={pair.Value}'"))} /usr/sbin/chroot {root} "
                + $"\"$@\""
        );
        var start = new ProcessStartInfo(
            "unshare",
            [
                "-m",
                "-p",
                "-f",
                .. request.HostNetwork ? [] : new[] { "-n" },
                "-i",
                "-u",
                "sh",
                "-c",
                string.Join('\n', script),
                "sh",
                .. request.Arguments,
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        await using var kill = cancellation.Register(() => process.Kill(entireProcessTree: true));
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        var text = await output + await error;
        if (Environment.GetEnvironmentVariable("TORCHYARD_TEST_SANDBOX_LOG") is { Length: > 0 } log)
        {
            await File.AppendAllTextAsync(
                log,
                string.Create(CultureInfo.InvariantCulture, $"== {string.Join(' ', request.Arguments)}: {process.ExitCode}\n{text}"),
                CancellationToken.None
            );
        }

        return new SandboxResult(process.ExitCode, text.Length > 16384 ? text[^16384..] : text);
    }
}
