namespace Torchyard.Images.Tar;

/// <summary>A tar archive that breaks its format. The caller knows the archive's name and makes a TorchyardException of it.</summary>
public sealed class TarFormatException(string message) : Exception(message);
