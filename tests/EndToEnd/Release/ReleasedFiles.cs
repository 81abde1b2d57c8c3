using System.Security.Cryptography;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Release;

[assembly: AssemblyFixture(typeof(ReleasedFiles))]

namespace Torchyard.EndToEnd.Release;

/// <summary>The files that <c>eng/release</c> makes of the published program; made once, and removed at the end.</summary>
public sealed class ReleasedFiles : IDisposable
{
    /// <summary>The date that all of them have: 2026-02-03 04:05:06.</summary>
    public const long Date = 1770091506;

    private readonly SemaphoreSlim _gate = new(1);
    private readonly TemporaryDirectory _directory = new();
    private bool _made;

    /// <summary>Directory of the files; the test is skipped where they cannot be made.</summary>
    public async Task<string> RequireAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (!_made)
            {
                await MakeAsync(Path.GetDirectoryName(TestStore.Program)!, _directory.Path, cancellation);
                _made = true;
            }

            return _directory.Path;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The one file with such a name.</summary>
    public async Task<string> RequireAsync(string pattern, CancellationToken cancellation) =>
        Assert.Single(Directory.GetFiles(await RequireAsync(cancellation), pattern));

    /// <summary>SHA-256 of a file.</summary>
    public static string HashOf(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    /// <summary>The program's own file, not what leads to it; the test is skipped unless it is Native AOT, as that of a release.</summary>
    public static string RequireNativeProgram()
    {
        var directory = Path.GetDirectoryName(TestStore.Program)!;
        Assert.SkipUnless(File.Exists(TestStore.Program), $"there is no published program at {TestStore.Program}; ./torchyard makes it");
        Assert.SkipWhen(
            File.Exists(Path.Combine(directory, "torchyard.dll")) || File.Exists(Path.Combine(directory, "libzstd.so")),
            $"the program at {TestStore.Program} is not Native AOT"
        );
        return TestStore.Program;
    }

    public void Dispose()
    {
        _gate.Dispose();
        _directory.Dispose();
    }

    private static async Task MakeAsync(string program, string directory, CancellationToken cancellation)
    {
        RequireNativeProgram();
        foreach (var tool in new[] { "dotnet", "dpkg-deb", "readelf" })
        {
            HostProgram.Require(tool);
        }

        (
            await HostProgram.RunAsync(
                SourceTree.At("eng/release"),
                ["--program", program, "--output", directory],
                cancellation,
                environment: new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = $"{Date}" },
                patience: TimeSpan.FromMinutes(15)
            )
        ).Succeeded();
    }
}
