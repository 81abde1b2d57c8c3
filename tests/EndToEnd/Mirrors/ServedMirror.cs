using System.Diagnostics;
using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Mirrors;

/// <summary><c>torchyard mirror serve</c>, as it is published, at a port that the kernel chose.</summary>
internal sealed partial class ServedMirror : IAsyncDisposable
{
    private readonly Process _process;

    private ServedMirror(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>As skopeo writes it.</summary>
    public string Docker => $"docker://{Address.Authority}";

    /// <summary>Bytes of memory that it had at most.</summary>
    public long PeakMemory =>
        long.Parse(
            File.ReadLines($"/proc/{_process.Id}/status")
                .Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]
        ) << 10;

    public static async Task<ServedMirror> StartAsync(string root, CancellationToken cancellation, params string[] options)
    {
        Assert.SkipUnless(File.Exists(TestStore.Program), $"there is no published program at {TestStore.Program}; ./torchyard makes it");
        var process = HostProgram.Start(
            TestStore.Program,
            ["mirror", "serve", "--listen", "127.0.0.1:0", "--root", root, .. options],
            environment: new Dictionary<string, string> { ["HOME"] = root }
        );
        while (await process.StandardError.ReadLineAsync(cancellation) is { } line)
        {
            if (Listens().Match(line) is { Success: true } found)
            {
                _ = process.StandardError.ReadToEndAsync(cancellation);
                return new ServedMirror(process, new Uri(found.Value));
            }
        }

        await process.WaitForExitAsync(cancellation);
        throw new InvalidOperationException($"the mirror ended with {process.ExitCode}");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:[0-9]+/")]
    private static partial Regex Listens();
}
