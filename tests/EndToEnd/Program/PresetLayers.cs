using System.Security.Cryptography;

namespace Torchyard.EndToEnd.Program;

/// <summary>
/// The layers of presets, built by the published program once, for all tests that need an image and whose subject is not its build: with
/// them in its store, <c>build</c> takes them for work of its own and makes only the image. They are kept in the cache of the tests until
/// there is another program.
/// </summary>
internal static class PresetLayers
{
    // Not build/locks: a lock that is linked would be held in all stores at once.
    private static readonly string[] Parts = ["layers", "build/layers", "oci"];
    private static readonly Dictionary<string, Task<string>> Built = [];

    /// <summary>Links them into a store. Who is to change files of it in place must not have them.</summary>
    internal static async Task LinkAsync(string preset, TestStore store, CancellationToken cancellation)
    {
        if (!System.Environment.IsPrivilegedProcess)
        {
            // Layers of an ordinary user belong to subordinate ids, and nobody links the files of others.
            return;
        }

        Task<string>? built;
        lock (Built)
        {
            if (!Built.TryGetValue(preset, out built))
            {
                Built[preset] = built = BuildAsync(preset);
            }
        }

        await LinkAsync(await built.WaitAsync(cancellation), store.Store, cancellation);
    }

    // Whoever asks first may be cancelled; the others still wait for it.
    private static async Task<string> BuildAsync(string preset)
    {
        var kept = Path.Combine(TestStore.CacheDirectory(), "layers", $"{preset}-{await ProgramHashAsync()}");
        if (Directory.Exists(kept))
        {
            Directory.SetLastWriteTimeUtc(kept, DateTime.UtcNow);
            return kept;
        }

        await using var store = await TestStore.CreateAsync(CancellationToken.None);
        var project = store.NewProject(preset);
        (await store.RunAsync(project, ["init", preset], CancellationToken.None)).Succeeded();
        // The layers of cpu are 1.9 GB, on a machine that may have other work.
        (
            await HostProgram.RunAsync(
                TestStore.Program,
                ["build"],
                CancellationToken.None,
                project,
                store.Variables(),
                patience: TimeSpan.FromMinutes(20)
            )
        ).Succeeded();
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        // Tests of another program may be running.
        foreach (
            var older in Directory
                .GetDirectories(Path.GetDirectoryName(kept)!)
                .Where(older => DateTime.UtcNow - Directory.GetLastWriteTimeUtc(older) > TimeSpan.FromHours(2))
        )
        {
            (await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", older], CancellationToken.None)).Succeeded();
        }

        var made = Path.Combine(store.Root, "kept");
        await LinkAsync(store.Store, made, CancellationToken.None);
        Directory.Move(made, kept);
        return kept;
    }

    private static async Task LinkAsync(string from, string to, CancellationToken cancellation)
    {
        foreach (var part in Parts)
        {
            var target = Directory.CreateDirectory(Path.Combine(to, part)).FullName;
            (await HostProgram.RunAsync("cp", ["-aln", Path.Combine(from, part) + "/.", target], cancellation)).Succeeded();
        }
    }

    // The supervisor is part of images.
    private static async Task<string> ProgramHashAsync()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in new[] { "torchyard", "torchyard-supervisor" })
        {
            hash.AppendData(await File.ReadAllBytesAsync(Path.Combine(Path.GetDirectoryName(TestStore.Program)!, name)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
