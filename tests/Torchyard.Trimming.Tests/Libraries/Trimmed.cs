using Torchyard.Platform.Files;
using Torchyard.Trimming.Files;
using Torchyard.Trimming.Rules;

namespace Torchyard.Trimming.Tests.Libraries;

/// <summary>Trims bytes, through files as the program does.</summary>
internal static class Trimmed
{
    public static TrimmedFile? Try(byte[] file, out byte[] result, params string[] gpus) => Try(file, out result, keepPtx: false, gpus);

    public static TrimmedFile? Try(byte[] file, out byte[] result, bool keepPtx, params string[] gpus)
    {
        using var place = new TemporaryDirectory();
        File.WriteAllBytes(place.File("lib.so"), file);
        using var directory = ConfinedDirectory.Open(place.Path);
        var trimmer = new TreeTrimmer { Targets = TrimTargets.Of(gpus, keepPtx) };
        var found = trimmer.TrimFile(directory, "lib.so", CancellationToken.None);
        result = File.ReadAllBytes(place.File("lib.so"));
        return found;
    }
}
