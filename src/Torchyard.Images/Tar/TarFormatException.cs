namespace Torchyard.Images.Tar;

/// <summary>A tar archive that breaks its format. The caller knows the archive's name and makes a TorchyardException of it.</summary>
internal sealed class TarFormatException(string message) : Exception(message);
