namespace Torchyard.Packages.Debian.Fetching;

/// <summary>What is there of a package's file before it is fetched.</summary>
/// <param name="File">The whole file, checked, where the cache has it; else null.</param>
/// <param name="Bytes">Else the beginning of the file as a mirror gave it, which nothing vouches for before the whole file is
/// there.</param>
public sealed record PackageStart(string? File, ReadOnlyMemory<byte> Bytes);
