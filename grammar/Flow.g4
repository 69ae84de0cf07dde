// Flows in words: the lines of an assertion file, and the ends and ports that `trace` is asked about. What a name refers
// to is decided in verify/flow_syntax.h, so that messages can say why.
grammar Flow;

assertions : NEWLINE* ( assertion ( NEWLINE+ assertion )* NEWLINE* )? EOF ;

assertion : verdict=( ALLOW | DENY ) end ARROW end traffic ;

// Entrances for single arguments.
wholeEnd : end EOF ;
wholeTraffic : traffic EOF ;

end
    : POD place
    | ( NS | IP | CIDR | ENTITY | SVC ) WORD
    | NODE ( WORD | STAR )
    ;

// `*`, `shop/*`, `shop/web-1`, `shop/app=web,tier in (a,b),!old`, `*/app=web`. A bare `namespace/name` is one word.
place : STAR | WORD STAR? selector? | STAR_SLASH ( STAR | selector ) ;

selector : requirement ( COMMA requirement )* ;

requirement
    : WORD EQUALS WORD?
    | WORD DIFFERS WORD?
    | WORD ( IN | NOT_IN ) OPEN WORD ( COMMA WORD )* CLOSE
    | NOT WORD
    | WORD
    ;

traffic : ANY | packets ( COMMA packets )* ;
packets : WORD ;               // tcp, tcp/80, udp/5000-6000, icmp/8

POD : 'pod:' ; NS : 'ns:' ; NODE : 'node:' ; IP : 'ip:' ; CIDR : 'cidr:' ; ENTITY : 'entity:' ; SVC : 'svc:' ;
ALLOW : 'allow' ; DENY : 'deny' ; ANY : 'any' ; IN : 'in' ; NOT_IN : 'notin' ;
ARROW : '->' ;
STAR_SLASH : '*/' ;
STAR : '*' ; COMMA : ',' ; EQUALS : '=' | '==' ; DIFFERS : '!=' ; NOT : '!' ; OPEN : '(' ; CLOSE : ')' ;
WORD : [a-zA-Z0-9._/:] ( [a-zA-Z0-9._/:] | '-' { _input->LA(1) != '>' }? )* ;
NEWLINE : '\r'? '\n' ;
COMMENT : '#' ~[\r\n]* -> skip ;
SPACE : [ \t]+ -> skip ;
