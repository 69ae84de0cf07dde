# What is compiled for use checks itself: a mistake of ours ends the program (docs/security.md). Included before the
# libraries are made. The sanitizers check the same and more, and do not go together with fortified calls.
if(NOT POLICYCONV_SANITIZE)
  # -U: some compilers define a lower level by themselves.
  add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=3>
                      $<$<CONFIG:Release>:-fstack-protector-strong> $<$<CONFIG:Release>:-fPIE>)
  add_compile_definitions($<$<CONFIG:Release>:_GLIBCXX_ASSERTIONS>)
  add_link_options($<$<CONFIG:Release>:-pie> $<$<CONFIG:Release>:-Wl,-z,relro> $<$<CONFIG:Release>:-Wl,-z,now>)
endif()
