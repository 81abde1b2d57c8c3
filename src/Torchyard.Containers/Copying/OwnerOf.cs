namespace Torchyard.Containers.Copying;

/// <summary>Says to whom what is written belongs.</summary>
/// <param name="entry">What is written.</param>
/// <returns>User and group, as this process sees ids; null to leave what it has.</returns>
internal delegate (uint User, uint Group)? OwnerOf(CopyEntry entry);
