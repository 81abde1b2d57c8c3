using System.Security.Cryptography;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>Checks files of wheels against RECORD.</summary>
public static class WheelFileHash
{
    /// <summary>TY2501 unless the hash is the one that RECORD gives.</summary>
    /// <param name="wheel">The wheel.</param>
    /// <param name="file">Its file.</param>
    /// <param name="actual">The finished hash, of RECORD's algorithm.</param>
    /// <exception cref="TorchyardException">TY2501.</exception>
    public static void RequireHash(WheelArchive wheel, WheelFile file, ReadOnlySpan<byte> actual)
    {
        ArgumentNullException.ThrowIfNull(wheel);
        ArgumentNullException.ThrowIfNull(file);
        if (file.Hash is { } expected && RecordHash.Encode(actual) != expected.Value)
        {
            throw WheelProblem.Damaged(wheel.FileName.Text, $"'{file.Entry.Name}' has not the hash that RECORD gives");
        }
    }

    internal static void Require(WheelArchive wheel, WheelFile file, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(file.Hash?.Algorithm ?? HashAlgorithmName.SHA256);
        hash.AppendData(content);
        RequireHash(wheel, file, hash.GetHashAndReset());
    }
}
